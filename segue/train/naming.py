"""When two spellings of artist and title mean one recording, and the one word for a track."""

from __future__ import annotations

import functools
import re
import unicodedata

from segue.errors import printable
from segue.train.sources.playlist import SourceTrack

_MARKS = re.compile("[\u0300-\u036f]")  # accents; the marks of other scripts change the word
_LETTERS = str.maketrans(
    {"ø": "o", "æ": "ae", "œ": "oe", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "ı": "i", "’": "'", "‘": "'", "`": "'"}
)
_GUESTS = r"(?:feat(?:uring)?|ft)\b"
_GUESTS_IN_ARTIST = re.compile(rf"[\s(\[{{]+(?:{_GUESTS}|with\s).*", re.DOTALL)
_GUESTS_IN_TITLE = re.compile(rf"\s{_GUESTS}\.?\s.*", re.DOTALL)
_BRACKETS = re.compile(r"[(\[{]([^()\[\]{}]*)[)\]}]")
_DASH = re.compile(r"\s+[-–—]+\s+")
_SAME_RECORDING = re.compile(  # what labels and shops add without making another recording of it
    r"(?:(?:\d{4}|digital(?:ly)?|new|\d+\w* anniversary)\s+)*"
    r"re-?master(?:ed)?(?:\s+(?:version|edition|\d{4}|in|for|on|\W))*"
    r"|(?:album|single|lp|ep|original|explicit|clean|main|stereo|mono|studio)(?:\s+(?:version|mix|recording))?"
    r"|(?:album|single|original|radio)\s+(?:version|mix|edit)|bonus(?:\s+track)?|deluxe(?:\s+(?:edition|version))?"
    rf"|{_GUESTS}.*|with\s.*|from\s+['\"“„«].*|from\s+the\s.*(?:movie|film|soundtrack|motion picture|musical).*",
    re.DOTALL,
)
_ALONE = re.compile(r"(?<![^\W_])([^\W_])\.(?=[^\W_](?![^\W_])|\s|$)")  # the dots of R.E.M.
_BETWEEN_ARTISTS = re.compile(r"\s*[;,/+]\s*|\s+(?:&|and|x|vs\.?|und|et|y)\s+|\s*&\s*")
_NO_WORD = re.compile(r"[\W_]+")


@functools.lru_cache(maxsize=100_000)
def normal_artist(text: str) -> str:
    """An artist as it is compared: no guests, no "The", no joining words, no accents, blanks or punctuation."""
    plain = _without_the(_GUESTS_IN_ARTIST.sub("", _plain(text)) or _plain(text))
    return _squeezed("".join(_squeezed(_without_the(part)) for part in _BETWEEN_ARTISTS.split(plain)) or plain)


@functools.lru_cache(maxsize=100_000)
def first_artist(text: str) -> str:
    """The first of several artists, as it is compared."""
    plain = _without_the(_GUESTS_IN_ARTIST.sub("", _plain(text)) or _plain(text))
    parts = (_squeezed(_without_the(part)) for part in _BETWEEN_ARTISTS.split(plain))
    return next((part for part in parts if part), "") or _squeezed(plain)


@functools.lru_cache(maxsize=100_000)
def normal_title(text: str) -> str:
    """A title as it is compared; "Live", "Remix", "Acoustic" and the like stay: these are other recordings."""
    plain = _plain(text)
    kept = _BRACKETS.sub(lambda found: " " if _SAME_RECORDING.fullmatch(found[1].strip()) else f" {found[1]} ", plain)
    first, *rest = _DASH.split(kept)
    kept = " ".join([first, *(part for part in rest if not _SAME_RECORDING.fullmatch(part.strip()))])
    kept = _GUESTS_IN_TITLE.sub("", kept)
    return _squeezed(kept) or _squeezed(plain)


def track_key(track: SourceTrack) -> str:
    """The one word for a track: by MusicBrainz id, ISRC, artist and title, the source's own id or the file's place.

    "" if nothing names it. The same track named in two ways by two sources has two keys; matching to files joins them.
    """
    if track.mbid:
        return f"mbid:{track.mbid}"
    if track.isrc:
        return f"isrc:{track.isrc}"
    artist, title = normal_artist(track.artist), normal_title(track.title)
    if artist and title:
        return f"name:{artist}/{title}"
    if track.uri:
        return f"uri:{track.uri}"
    if track.path is not None:
        return f"path:{printable(track.path)}"
    return f"name:/{title}" if title else ""


def _plain(text: str) -> str:
    """Lower case without accents, and with plain apostrophes."""
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    plain = unicodedata.normalize("NFC", _MARKS.sub("", decomposed)).casefold().translate(_LETTERS)
    plain = " ".join(plain.split()) or "".join(text.split())  # one blank each: the patterns below rely on it
    return re.sub(r" '?n'? ", " and ", plain)


def _without_the(text: str) -> str:
    return re.sub(r",\s*the$", "", text.removeprefix("the ")).strip() or text


def _squeezed(text: str) -> str:
    """Letters and digits only; where there are none (``!!!``), what there is without blanks."""
    words = _ALONE.sub(r"\1", text.replace("'", "")).replace("&", " and ")
    words = re.sub(r"(?<=[^\W\d_])\$|\$(?=[^\W\d_])", "s", words)
    words = re.sub(r"(?<=[^\W\d_])!(?=[^\W\d_])", "i", words)
    return _NO_WORD.sub("", words) or "".join(text.split())
