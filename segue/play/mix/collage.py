"""The cover of a mix: the covers of its tracks side by side."""

from __future__ import annotations

import io
import logging
from math import ceil, sqrt
from pathlib import Path

from PIL import Image

from segue.files import access_error, is_file
from segue.listen.tags import read_artwork
from segue.play.covers import painted, scaled
from segue.play.mix.plan import MixPlan, Part
from segue.values import Artwork

log = logging.getLogger(__name__)

SIDE = 1000
_MOST_ACROSS = 5
_JPEG_QUALITY = 88
_NAMES = ("cover", "folder", "front", "albumcover", "album")
_KINDS = {".jpg": "image/jpeg", ".jpeg": "image/jpeg", ".png": "image/png", ".webp": "image/webp"}
_LARGEST_BYTES = 50_000_000


def collage(plan: MixPlan) -> Artwork:
    """A square picture of the covers of the first 25 albums of a mix, a drawn one where an album has none."""
    parts = list({_album(part): part for part in reversed(plan.parts)}.values())[::-1]
    across = min(_MOST_ACROSS, ceil(sqrt(len(parts))))
    picture = Image.new("RGB", (SIDE, SIDE))
    edges = [round(SIDE * k / across) for k in range(across + 1)]
    tiles: list[Image.Image] = []
    for place in range(across * across):
        row, column = divmod(place, across)
        if place < len(parts):
            tiles.append(_tile(parts[place], ceil(SIDE / across)))
        box = (edges[column], edges[row], edges[column + 1], edges[row + 1])
        shown = tiles[place] if place < len(tiles) else tiles[len(tiles) - 1 - place % len(tiles)]
        picture.paste(shown.resize((box[2] - box[0], box[3] - box[1])), box)
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=_JPEG_QUALITY)
    return Artwork("image/jpeg", out.getvalue())


def _album(part: Part) -> object:
    """What tracks with the same cover have in common."""
    return (part.path.parent, part.info.album.casefold()) if part.info.album else part.path


def _tile(part: Part, size: int) -> Image.Image:
    """A square piece of a track's cover: the one in its file, beside it, or a drawn one."""
    artwork = (read_artwork(part.path) if part.info.has_artwork else None) or _beside(part.path)
    shown = None if artwork is None else scaled(artwork, 2 * size)
    if shown is None:
        return painted(part.info, size)
    with Image.open(io.BytesIO(shown.data)) as image:
        whole = image.convert("RGB")
    side = min(whole.size)
    left, top = (whole.width - side) // 2, (whole.height - side) // 2
    return whole.crop((left, top, left + side, top + side)).resize((size, size), Image.Resampling.LANCZOS)


def _beside(path: Path) -> Artwork | None:
    """A cover that lies in the folder of a track."""
    for name in _NAMES:
        for ending, mime in _KINDS.items():
            for spelt in (name, name.capitalize()):
                place = path.parent / f"{spelt}{ending}"
                if is_file(place):
                    return _read(place, mime)
    return None


def _read(place: Path, mime: str) -> Artwork | None:
    """The picture, or None where it cannot be read: a mix has a cover without it."""
    try:
        return Artwork(mime, place.read_bytes()) if place.stat().st_size <= _LARGEST_BYTES else None
    except OSError as error:
        log.info("a cover was passed over (%s)", access_error(error, place))
        return None
