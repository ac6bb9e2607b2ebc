"""The files that a mix becomes, and whether they can be written, before any work is done for them."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from segue.errors import FileAccessError, MixError, SegueError
from segue.files import is_folder, real_path
from segue.play.mix.encoding import coding_for
from segue.play.mix.listing import TRACKLIST_KINDS

PICTURE_KINDS = (".png", ".html")


@dataclass(frozen=True, slots=True)
class Outputs:
    """The mix itself, and what lies beside it; ``preview`` renders its joins alone."""

    mix: Path
    cue: Path | None = None
    tracklists: tuple[Path, ...] = ()
    pictures: tuple[Path, ...] = ()
    preview: bool = False
    vbr: bool = False

    @classmethod
    def beside(cls, mix: Path) -> Outputs:
        """A mix with its cue sheet and tracklist beside it."""
        return cls(mix, mix.with_suffix(".cue"), (mix.with_name(f"{mix.stem}.tracklist.txt"),))

    @property
    def paths(self) -> tuple[Path, ...]:
        """All of them."""
        return tuple(path for path in (self.mix, self.cue, *self.tracklists, *self.pictures) if path is not None)


def output_problems(outputs: Outputs, inputs: Sequence[Path], *, replace_old: bool) -> Iterator[SegueError]:
    """Yield all that forbids to write the outputs: unknown endings, missing folders, inputs and files in the way."""
    try:
        coding_for(outputs.mix)
    except MixError as error:
        yield error
    for paths, kinds, what in (
        (outputs.tracklists, TRACKLIST_KINDS, "tracklist"),
        (outputs.pictures, PICTURE_KINDS, "picture"),
    ):
        for path in paths:
            if path.suffix.lower() not in kinds:
                remedy = f"Let its name end in {', '.join(kinds)}"
                yield MixError(f"no {what} can be written as '{path.suffix or path.name}'", remedy=remedy, path=path)
    taken = {real_path(path) for path in inputs}
    for path in outputs.paths:
        if real_path(path) in taken or any(_is_same(path, other) for other in inputs):
            what = "it is one of the files that the mix is made of"
            yield MixError(what, remedy="Give the mix another name", path=path)
        elif is_folder(path):
            yield FileAccessError("it is a folder", remedy="Name a file in it", path=path)
    there = [path for path in outputs.paths if path.exists() and not is_folder(path) and real_path(path) not in taken]
    if there and not replace_old:
        others = "".join(f", and so is {other.name}" for other in there[1:])
        remedy = "Choose another name, or say that it may be replaced"
        yield MixError(f"it is there already{others}", remedy=remedy, path=there[0])
    for folder in {path.absolute().parent: None for path in outputs.paths}:
        yield from _folder_problems(folder)


def _folder_problems(folder: Path) -> Iterator[SegueError]:
    if not is_folder(folder):
        yield FileAccessError("there is no such folder", remedy="Make it, or choose another place", path=folder)
    elif not os.access(folder, os.W_OK | os.X_OK):
        remedy = "Give your user the right to write to it, or choose another place"
        yield FileAccessError("nothing may be written to this folder", remedy=remedy, path=folder)


def _is_same(path: Path, other: Path) -> bool:
    """Whether two names lead to the same file, as hard links do."""
    try:
        return path.samefile(other)
    except OSError:
        return False
