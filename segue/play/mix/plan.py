"""What a mix is before it is rendered: which stretch of each file is played, and how each hands over to the next.

Mix seconds count from the start of the mix, file seconds from the first sample that a file decodes to. Everything that
depends on where a part lies in the mix (tracklist, cue sheet, chapters, the renderer) asks `MixPlan.placements`, which
is exact to the sample.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from functools import lru_cache
from itertools import pairwise
from math import inf, isfinite
from pathlib import Path
from typing import Any, Literal, get_args

from segue.config import MIX
from segue.errors import MixError, ParameterError
from segue.values import TrackId, TrackInfo

PLAN_VERSION = 1
"""Goes up whenever the same plan file would be read otherwise."""

JoinStyle = Literal["cut", "fade", "eq", "beat"]
"""How one part hands over to the next: at once, by equal power, with the low end handed over, or beat on beat."""


@dataclass(frozen=True, slots=True)
class Part:
    """A stretch of one file, from ``begin_s`` to ``end_s`` in file seconds, played with ``gain_db``.

    What is not known of it is None; the renderer needs none of that. ``why`` is what it was chosen for, "" where it was
    asked for.
    """

    path: Path
    info: TrackInfo
    begin_s: float
    end_s: float
    gain_db: float
    track_id: TrackId | None = None
    loudness_lufs: float | None = None
    true_peak_dbtp: float | None = None
    tempo_bpm: float | None = None
    camelot: str | None = None
    why: str = ""

    @property
    def length_samples(self) -> int:
        """Samples that are played of the file, at the rate of the mix."""
        return to_samples(self.end_s) - to_samples(self.begin_s)


@dataclass(frozen=True, slots=True)
class BeatPair:
    """A beat of A and the beat of B that must fall on it, each in seconds of its own file."""

    a_s: float
    b_s: float


@dataclass(frozen=True, slots=True)
class Join:
    """How part A hands over to part B, the one after it.

    Both sound for ``overlap_s`` (0 for a cut): A's last and B's first. In a "beat" join B is played there at ``speed``
    (file seconds a mix second, pitch kept) so that the ``beats`` coincide; between two of them its speed is what brings
    it from one to the other, so a pair a bar is enough for a steady grid. Then it glides back to 1 within ``ease_s``.
    A ``gapless`` cut is none to the ear: the sound runs on from one file into the next, and nothing is faded there.
    """

    style: JoinStyle
    overlap_s: float = 0.0
    speed: float = 1.0
    ease_s: float = 0.0
    beats: tuple[BeatPair, ...] = ()
    gapless: bool = False
    why: str = ""


@dataclass(frozen=True, slots=True)
class Node:
    """A moment of a bent stretch: mix samples since the part began, and where it is in the part, in samples."""

    mix_samples: float
    part_samples: float


@dataclass(frozen=True, slots=True)
class Bend:
    """The stretch at a part's beginning that is not played at its own speed.

    For ``overlap_samples`` it follows straight lines through ``nodes``; for ``ease_samples`` more its speed goes
    in a straight line from ``speed`` to 1. All of that takes ``part_samples`` of the part.
    """

    nodes: tuple[Node, ...]
    overlap_samples: int
    ease_samples: int
    speed: float
    part_samples: int

    @property
    def mix_samples(self) -> int:
        """How long it lasts in the mix."""
        return self.overlap_samples + self.ease_samples


@dataclass(frozen=True, slots=True)
class Placement:
    """Where one part lies in the mix, in samples; ``fade_in_samples`` and ``fade_out_samples`` are its overlaps.

    ``runs_in`` and ``runs_out`` say that its sound runs on from the part before, or into the one after, without a gap.
    """

    part: Part
    begin_samples: int
    length_samples: int
    fade_in_samples: int
    fade_out_samples: int
    bend: Bend | None
    runs_in: bool = False
    runs_out: bool = False

    @property
    def end_samples(self) -> int:
        """Where it has ended."""
        return self.begin_samples + self.length_samples

    @property
    def begin_s(self) -> float:
        """When it is first heard, in mix seconds."""
        return to_seconds(self.begin_samples)

    @property
    def end_s(self) -> float:
        """When it has ended, in mix seconds."""
        return to_seconds(self.end_samples)

    @property
    def lead_s(self) -> float:
        """When it takes over from the part before it: half-way through their overlap. Chapters begin there."""
        return to_seconds(self.begin_samples + self.fade_in_samples // 2)


@dataclass(frozen=True, slots=True)
class MixPlan:
    """A whole mix; ``joins[i]`` lies between ``parts[i]`` and ``parts[i + 1]``."""

    parts: tuple[Part, ...]
    joins: tuple[Join, ...]
    title: str = "A mix"
    target_lufs: float = MIX.target_lufs
    ceiling_dbtp: float = MIX.ceiling_dbtp

    def __post_init__(self) -> None:
        """Refuse what cannot be rendered.

        Raises
        ------
        MixError
            If a part is too short for its joins, or a join is not what its style needs.
        ParameterError
            If there are not exactly as many joins as gaps, or no part.
        """
        if len(self.joins) != len(self.parts) - 1:
            raise ParameterError(
                f"{len(self.parts)} parts and {len(self.joins)} joins are no mix",
                remedy="Give at least one part, and a join between each two",
            )
        for part in self.parts:
            _check_part(part)
        for before, join, after in zip(self.parts, self.joins, self.parts[1:], strict=False):
            _check_join(join, before, after)
        for placement in self.placements:
            _check_room(placement)

    @property
    def placements(self) -> tuple[Placement, ...]:
        """Where each part lies in the mix."""
        return _placements(self.parts, self.joins)

    @property
    def length_samples(self) -> int:
        """Samples of the whole mix."""
        return self.placements[-1].end_samples

    @property
    def length_s(self) -> float:
        """Seconds of the whole mix."""
        return to_seconds(self.length_samples)

    @property
    def fingerprint(self) -> str:
        """Sixteen hexadecimal digits that change with anything in the plan."""
        return hashlib.sha256(plan_to_json(self).encode()).hexdigest()[:16]

    def joined_at_s(self, number: int) -> tuple[float, float]:
        """From when to when, in mix seconds, both sides of a join sound; a cut begins and ends at once."""
        after = self.placements[number + 1]
        return after.begin_s, to_seconds(after.begin_samples + after.fade_in_samples)


def to_samples(seconds: float) -> int:
    """The nearest sample of the mix's rate."""
    return round(seconds * MIX.sample_rate_hz)


def to_seconds(samples: float) -> float:
    """Seconds of samples of the mix's rate."""
    return samples / MIX.sample_rate_hz


def gain_to_target_db(
    loudness_lufs: float | None,
    *,
    target_lufs: float,
    true_peak_dbtp: float | None = None,
    ceiling_dbtp: float = MIX.ceiling_dbtp,
) -> float:
    """What brings a track to the target; no more than ``MIX.most_gain_db``, and 0 for one of unknown loudness.

    Nor more than lets its highest peak, where that is known, pass the ceiling by ``MIX.most_limited_db``, which a
    limiter can bear.
    """
    if loudness_lufs is None:
        return 0.0
    bearable_db = inf if true_peak_dbtp is None else max(0.0, ceiling_dbtp + MIX.most_limited_db - true_peak_dbtp)
    return min(target_lufs - loudness_lufs, MIX.most_gain_db, bearable_db)


@lru_cache(maxsize=64)
def _placements(parts: tuple[Part, ...], joins: tuple[Join, ...]) -> tuple[Placement, ...]:
    overlaps = [0, *(to_samples(join.overlap_s) for join in joins), 0]
    runs = [False, *(join.gapless for join in joins), False]
    found: list[Placement] = []
    begin = 0
    for number, part in enumerate(parts):
        fade_in, fade_out = overlaps[number], overlaps[number + 1]
        bend = _bend(joins[number - 1], found[-1], part) if number and joins[number - 1].style == "beat" else None
        length = part.length_samples + (bend.mix_samples - bend.part_samples if bend else 0)
        found.append(Placement(part, begin, length, fade_in, fade_out, bend, *runs[number : number + 2]))
        begin += length - fade_out
    return tuple(found)


def _bend(join: Join, before: Placement, part: Part) -> Bend:
    """How B is bent so that its beats fall on those of A, which ends as it is."""
    overlap, ease = to_samples(join.overlap_s), to_samples(join.ease_s)
    a_begins_s = before.part.end_s - join.overlap_s  # where the overlap begins in A's file
    nodes = [Node(0.0, 0.0)]
    least = MIX.least_anchor_s * MIX.sample_rate_hz
    for pair in join.beats:
        node = Node(
            (pair.a_s - a_begins_s) * MIX.sample_rate_hz, pair.b_s * MIX.sample_rate_hz - to_samples(part.begin_s)
        )
        if node.mix_samples - nodes[-1].mix_samples >= least and node.mix_samples <= overlap:
            nodes.append(node)
    last = nodes[-1]
    end = Node(float(overlap), last.part_samples + join.speed * (overlap - last.mix_samples))
    nodes = [*(nodes[:-1] if len(nodes) > 1 and overlap - last.mix_samples < least else nodes), end]
    taken = nodes[-1].part_samples + ease * (join.speed + 1.0) / 2.0
    return Bend(tuple(nodes), overlap, ease, join.speed, round(taken))


def _check_part(part: Part) -> None:
    if not isfinite(part.gain_db):
        raise MixError(f"its gain is {part.gain_db} dB", remedy="Give a finite number", path=part.path)
    if not 0.0 <= part.begin_s < part.end_s < inf or part.length_samples < 1:
        raise MixError(
            f"it would be played from {part.begin_s:g} to {part.end_s:g} s",
            remedy="Let it begin before it ends",
            path=part.path,
        )


def _check_join(join: Join, before: Part, after: Part) -> None:
    if join.style not in get_args(JoinStyle):
        raise ParameterError(f"no join is called '{join.style}'", remedy=f"Choose of {', '.join(get_args(JoinStyle))}")
    if (join.style == "cut") != (to_samples(join.overlap_s) == 0) or join.overlap_s < 0.0:
        raise MixError(
            f"a join by {join.style} cannot last {join.overlap_s:g} s",
            remedy="A cut lasts no time, and every other join some",
            path=after.path,
        )
    if join.gapless and join.style != "cut":
        raise MixError(f"a join by {join.style} is not gapless", remedy="Join by cut", path=after.path)
    if join.overlap_s > MIX.longest_overlap_s or not 0.0 <= join.ease_s <= MIX.longest_overlap_s:
        raise MixError(
            f"a join of {join.overlap_s:g} s, eased for {join.ease_s:g} s, is too long",
            remedy=f"Let neither last more than {MIX.longest_overlap_s:g} s",
            path=after.path,
        )
    bent = join.speed != 1.0 or join.ease_s != 0.0 or bool(join.beats)
    if join.style != "beat" and bent:
        raise MixError(f"a join by {join.style} bends no tempo", remedy="Join by beat", path=after.path)
    if abs(join.speed - 1.0) > MIX.most_bend + 1e-9:
        raise MixError(
            f"its tempo would be bent to {join.speed:.3f} of its own",
            remedy=f"Bend it by no more than {MIX.most_bend:.0%}, or join by fade",
            path=after.path,
        )
    if any(b.a_s <= a.a_s or b.b_s <= a.b_s for a, b in pairwise(join.beats)):
        raise MixError(f"beats from {before.path.name} do not rise", remedy="Sort them", path=after.path)


def _check_room(placed: Placement) -> None:
    bent = placed.bend.mix_samples if placed.bend else placed.fade_in_samples
    if placed.length_samples < bent + placed.fade_out_samples:
        raise MixError(
            f"its {to_seconds(placed.length_samples):.1f} s are too short for joins of {to_seconds(bent):.1f} s before "
            f"and {to_seconds(placed.fade_out_samples):.1f} s after it",
            remedy="Shorten these joins, or leave it out",
            path=placed.part.path,
        )
    for speed in _speeds(placed.bend):
        if abs(speed - 1.0) > 2.0 * MIX.most_bend:
            raise MixError(
                f"to keep its beats on those before it, it would have to be played at {speed:.3f} of its speed",
                remedy="Its beats are not as steady as was thought: join by fade or eq",
                path=placed.part.path,
            )


def _speeds(bend: Bend | None) -> Iterator[float]:
    for a, b in pairwise(bend.nodes if bend else ()):
        yield (b.part_samples - a.part_samples) / (b.mix_samples - a.mix_samples)


def plan_to_json(plan: MixPlan) -> str:
    """The plan as JSON, the same text for the same plan."""
    document: dict[str, Any] = {"segue_mix": PLAN_VERSION, **asdict(plan)}
    for part in document["parts"]:
        part["path"] = str(part["path"])
    return json.dumps(document, indent=1) + "\n"


def plan_from_json(text: str, *, path: Path | None = None) -> MixPlan:
    """Read what `plan_to_json` wrote; ``path`` is where it came from.

    Raises
    ------
    MixError
        If it is no plan of a mix, or one of another version, or cannot be rendered.
    """
    try:
        document = json.loads(text)
        version = document.pop("segue_mix")
        if version != PLAN_VERSION:
            raise MixError(
                f"it is a plan of version {version}, and this Segue reads version {PLAN_VERSION}",
                remedy="Plan the mix anew",
                path=path,
            )
        parts = tuple(
            Part(**{**part, "path": Path(part["path"]), "info": TrackInfo(**part["info"])})
            for part in document.pop("parts")
        )
        joins = tuple(
            Join(**{**join, "beats": tuple(BeatPair(**pair) for pair in join["beats"])})
            for join in document.pop("joins")
        )
        return MixPlan(parts, joins, **document)
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise MixError(f"it is no plan of a mix ({error})", remedy="Plan the mix anew", path=path) from error
