"""From a plan to one finished file: rendered as a stream, encoded, checked, and put in place when it is whole."""

from __future__ import annotations

import errno
import hashlib
import logging
import os
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np

from segue.errors import FileAccessError, MixCancelledError, MixError
from segue.files import access_error, atomic_write, is_file, is_folder
from segue.listen.decoding import encoding_of
from segue.play.mix.alone import held_alone
from segue.play.mix.checking import overshoots
from segue.play.mix.encoding import Words, coding_for, open_writer
from segue.play.mix.labels import Label, chapters_of
from segue.play.mix.levels import levelled
from segue.play.mix.limiter import BLOCK_SAMPLES, WARM_UP_BLOCKS, Ducks, Limiter
from segue.play.mix.pcm import BYTES_A_SECOND, Samples16, Workshop, to_16_bits
from segue.play.mix.plan import MixPlan, plan_from_json, plan_to_json, to_seconds
from segue.play.mix.timeline import iter_mix
from segue.play.mix.writing import EncoderThread
from segue.values import Floats

log = logging.getLogger(__name__)

RENDER_VERSION = 1
"""Goes up whenever the same plan would be rendered to other bytes: what an older Segue left is not gone on with."""

_MORE_DB = 0.15  # an encoder answers a lower peak with another error; twice as much in each round of encoding...
_REACH_SAMPLES = 1024  # ...and so much further to either side, since that error may come from beside it
_FARTHEST = 2.5  # a codec raises a peak by 2 dB at most, and the sound lies up to 6 dB above its samples
_FOLDER = ".segue-mix-"


@dataclass(frozen=True, slots=True)
class RenderProgress:
    """Where a rendering stands, in mix seconds; ``eta_s`` is None while nobody knows."""

    phase: Literal["levelling", "rendering", "checking"]
    done_s: float
    total_s: float
    eta_s: float | None


@dataclass(frozen=True, slots=True)
class Rendered:
    """A finished file. ``resumed_s`` of it had been rendered before; ``encodings`` is how often it was encoded."""

    path: Path
    length_s: float
    resumed_s: float
    encodings: int


OnProgress = Callable[[RenderProgress], None]


def render(
    plan: MixPlan,
    target: Path,
    *,
    label: Label | None = None,
    vbr: bool = False,
    on_progress: OnProgress | None = None,
    cancel: threading.Event | None = None,
) -> Rendered:
    """Render a plan into one file, whose ending says of what kind.

    What is finished waits beside the target, in a hidden folder, until the file is whole. A rendering that was killed
    or interrupted, or that failed because of one file, goes on from there when it is asked for again, and makes the
    same bytes.

    Parameters
    ----------
    plan : MixPlan
        What to play.
    target : Path
        Ends in .mp3, .m4a, .opus, .flac or .wav; a file that is there is replaced, when the new one is whole.
    label : Label, optional
        Date, comment and cover; title, tracklist and chapters are the plan's.
    vbr : bool
        An MP3 of varying bit rate (LAME's V0) instead of 320 kb/s.
    on_progress : callable, optional
        Told about once a second of mix.
    cancel : threading.Event, optional
        When set, nothing is left behind.

    Raises
    ------
    MixError
        If there is no encoder for the target, or it is one of the files that the mix plays.
    MixCancelledError
        If it was called off.
    AudioError, FileAccessError
        If a file cannot be read, or the target not written; before the rendering wherever that can be known.
    """
    words = Words(plan.title, label or Label(), chapters_of(plan))
    sound = Sound("mix", lambda plan, begin: iter_mix(plan, begin_samples=begin), plan.length_samples)
    return Rendering(plan, target, sound, words, vbr=vbr).run(on_progress or unheard, cancel or threading.Event())


def check_files(plan: MixPlan, target: Path) -> None:
    """Open each file of a plan once, so that what is gone, or no audio, is known before anything is rendered.

    Raises
    ------
    MixError
        If the target is one of them.
    AudioError, FileAccessError
        If one cannot be played, or the target is a folder.
    """
    if is_folder(target):
        raise FileAccessError("it is a folder, not a file", remedy="Name a file in it", path=target)
    for path in dict.fromkeys(part.path for part in plan.parts):
        if is_file(path) and is_file(target) and path.samefile(target):
            raise MixError(
                "the mix would take the place of a track that it plays", remedy="Choose another name", path=target
            )
        encoding_of(path)


@dataclass(frozen=True, slots=True)
class Sound:
    """What is to be in the file: its samples from any one on, and how many there are."""

    name: str
    blocks_from: Callable[[MixPlan, int], Iterator[Floats]]
    length_samples: int

    @property
    def seconds(self) -> int:
        """Seconds that it takes, the last one as a whole."""
        return -(-self.length_samples // BLOCK_SAMPLES)


class Rendering:
    """One order: what to render, as what, and where to."""

    def __init__(self, plan: MixPlan, target: Path, sound: Sound, words: Words, *, vbr: bool) -> None:
        self._coding = coding_for(target)
        self._plan, self._target, self._sound, self._words, self._vbr = plan, target, sound, words, vbr

    def run(self, on_progress: OnProgress, cancel: threading.Event) -> Rendered:
        """Check, render, encode, check again, put in place."""
        check_files(self._plan, self._target)
        try:
            folder = self._work_folder()
            with held_alone(folder, self._target, others=f"{folder.name.rpartition('-')[0]}-*"):
                return self._make(folder, on_progress, cancel)
        except OSError as error:
            raise access_error(error, self._target) from error

    def _make(self, folder: Path, on_progress: OnProgress, cancel: threading.Event) -> Rendered:
        """Render into a folder that nobody else works in, and put the file in its place."""
        try:
            workshop = Workshop(folder)
            resumed = workshop.seconds
            self._check_space(resumed)
            clock = _Clock(self._sound.length_samples, resumed, on_progress, cancel)
            unfinished = workshop.path(f"mix{self._target.suffix.lower()}")
            plan = self._levelled(workshop, clock)
            encodings = self._encode_until_right(plan, workshop, unfinished, clock)
            unfinished.replace(self._target)
        except BaseException as error:
            _tidy(folder, error)
            raise
        workshop.remove()
        return Rendered(self._target, to_seconds(self._sound.length_samples), float(resumed), encodings)

    @property
    def _ceiling_dbtp(self) -> float:
        return self._plan.ceiling_dbtp - self._coding.overshoot_db

    def _work_folder(self) -> Path:
        """Where this very mix is made."""
        key = hashlib.sha256(
            f"{RENDER_VERSION} {self._ceiling_dbtp} {self._sound.name} {self._plan.fingerprint}".encode()
        )
        for path in sorted({part.path for part in self._plan.parts}):
            status = path.stat()
            key.update(f"{status.st_size} {status.st_mtime_ns}".encode())
        start = _FOLDER + hashlib.sha256(os.fsencode(self._target.name)).hexdigest()[:8]
        return self._target.parent / f"{start}-{key.hexdigest()[:16]}"

    def _check_space(self, done_s: int) -> None:
        """Refuse at once what the disk has no room for."""
        missing_s = self._sound.seconds - done_s
        need = missing_s * BYTES_A_SECOND + self._sound.seconds * self._coding.bytes_a_second
        free = shutil.disk_usage(self._target.parent).free
        if need > free:
            raise FileAccessError(
                f"the mix needs {need / 1e6:.0f} MB there while it is made, and {free / 1e6:.0f} MB are free",
                remedy="Free some space, or choose another disk",
                path=self._target,
            )

    def _levelled(self, workshop: Workshop, clock: _Clock) -> MixPlan:
        """The plan with the gains that it takes, found once and kept with the sound."""
        kept = workshop.path("plan.json")
        if kept.exists():
            return plan_from_json(kept.read_text(encoding="utf-8"), path=kept)
        plan = levelled(self._plan, ceiling_dbtp=self._ceiling_dbtp, on_share=clock.levelled)
        with atomic_write(kept) as unfinished:
            unfinished.write_text(plan_to_json(plan), encoding="utf-8")
        return plan

    def _encode_until_right(self, plan: MixPlan, workshop: Workshop, unfinished: Path, clock: _Clock) -> int:
        """Encode, look where the codec has raised a peak above the ceiling, lower these places, and encode anew.

        That comes to an end: what is lowered ever more, and ever wider, is silent at last.
        """
        ducks = Ducks()
        number = 0
        while True:
            number += 1
            blocks = self._rendered(plan, workshop, clock) if number == 1 else workshop.iter_blocks()
            loudest = self._encode(blocks, ducks, unfinished, clock)
            if loudest * _FARTHEST < 10.0 ** (self._plan.ceiling_dbtp / 20.0) or self._coding.overshoot_db == 0.0:
                return number
            found = overshoots(unfinished, self._plan.ceiling_dbtp, on_second=clock.checked)
            if not len(found.at):
                return number
            log.info("%s: lowers %d peaks of up to %.2f dB", self._target, len(found.at), found.by_db.max())
            more_db = _MORE_DB * 2.0 ** (number - 1)
            ducks.add(found.at, found.by_db + np.float32(more_db), reach_samples=_REACH_SAMPLES * (number - 1))

    def _encode(self, blocks: Iterator[Samples16], ducks: Ducks, path: Path, clock: _Clock) -> float:
        """Encode all blocks and return the largest sample."""
        loudest = 0.0
        with EncoderThread(open_writer(path, self._coding, self._words, vbr=self._vbr)) as encoder:
            for number, block in enumerate(blocks):
                clock.check_cancelled()
                gains = ducks.gains(number)
                lowered = block if gains is None else _lowered(block, gains, number=number)
                loudest = max(loudest, float(np.abs(lowered.astype(np.float32)).max()) / 32_768.0)
                encoder.put(lowered)
        return loudest

    def _rendered(self, plan: MixPlan, workshop: Workshop, clock: _Clock) -> Iterator[Samples16]:
        """Every second of the mix: those that are kept, then the others, which are kept from now on."""
        yield from workshop.iter_blocks()
        first = workshop.seconds
        warm_up = min(first, WARM_UP_BLOCKS)
        limiter = Limiter(self._ceiling_dbtp)
        begin = first - warm_up
        blocks = self._sound.blocks_from(plan, begin * BLOCK_SAMPLES)
        for number, block in enumerate(_in_seconds(blocks), start=begin - 1):
            limited = limiter.take(block)
            if number >= first and number < self._sound.seconds:
                length = min(BLOCK_SAMPLES, self._sound.length_samples - number * BLOCK_SAMPLES)
                finished = to_16_bits(limited[:, :length], number=number)
                workshop.add(finished)
                yield finished
                clock.rendered(number + 1)


def _lowered(block: Samples16, gains: Floats, *, number: int) -> Samples16:
    """A finished block with another gain, dithered anew."""
    return to_16_bits(block.T * gains[: len(block)] / np.float32(32_767.0), number=number)


def _in_seconds(blocks: Iterator[Floats]) -> Iterator[Floats]:
    """Blocks of any length as seconds ``(2, 44100)``, the last one filled up, and one more of silence."""
    held: list[Floats] = []
    count = 0
    for block in blocks:
        held.append(block)
        count += block.shape[1]
        if count >= BLOCK_SAMPLES:
            joined = np.concatenate(held, axis=1)
            whole = count - count % BLOCK_SAMPLES
            for at in range(0, whole, BLOCK_SAMPLES):
                yield joined[:, at : at + BLOCK_SAMPLES]
            held, count = [joined[:, whole:]], count - whole
    if count:
        yield np.pad(np.concatenate(held, axis=1), ((0, 0), (0, BLOCK_SAMPLES - count)))
    yield np.zeros((2, BLOCK_SAMPLES), np.float32)


def _tidy(folder: Path, error: BaseException) -> None:
    """Leave finished sound for the next try, but nothing where the mix was called off or the disk is full."""
    full = isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT)
    if isinstance(error, MixCancelledError) or full or not any(folder.glob("*.pcm")):
        shutil.rmtree(folder, ignore_errors=True)
    for unfinished in folder.glob("mix.*"):
        unfinished.unlink(missing_ok=True)


class _Clock:
    """Tells how far a rendering is and when it will be done, and stops it when it is called off."""

    def __init__(self, length_samples: int, resumed_s: int, tell: OnProgress, cancel: threading.Event) -> None:
        self._total_s = to_seconds(length_samples)
        self._resumed_s, self._tell, self._cancel = resumed_s, tell, cancel
        self._began_s = time.monotonic()

    def levelled(self, share: float) -> None:
        """The levels of such a share of the parts are known."""
        self.check_cancelled()
        self._tell(RenderProgress("levelling", share * self._total_s, self._total_s, None))

    def rendered(self, seconds: int) -> None:
        """So many seconds of the mix are rendered."""
        new = seconds - self._resumed_s
        left_s = max(0.0, self._total_s - seconds)
        eta_s = (time.monotonic() - self._began_s) / new * left_s if new > 1 else None
        self._tell(RenderProgress("rendering", min(float(seconds), self._total_s), self._total_s, eta_s))

    def checked(self, seconds: int) -> None:
        """So many seconds of the finished file have been looked at."""
        self.check_cancelled()
        self._tell(RenderProgress("checking", min(float(seconds), self._total_s), self._total_s, None))

    def check_cancelled(self) -> None:
        """Stop here if the rendering was called off."""
        if self._cancel.is_set():
            raise MixCancelledError("the mix was called off", remedy="Nothing of it is left; render it again")


def unheard(_: RenderProgress) -> None:
    """Where nobody wants to know."""
