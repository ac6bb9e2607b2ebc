"""From the tracks of a mix, in order, to its plan: every join, what is played of each file, and how loud."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from math import log10

from segue.config import MIX
from segue.errors import ParameterError
from segue.play.mix.facts import TrackFacts
from segue.play.mix.plan import MixPlan, Part, gain_to_target_db
from segue.play.mix.transitions import Transition, Wishes, transition

_SOFTEST_LUFS, _LOUDEST_LUFS = -50.0, -5.0
_TOLD_DB = 1.0  # a track that stays quieter than the target by less is not told of


@dataclass(frozen=True, slots=True)
class MixSettings:
    """What a mix is called, how its joins are wished for, and how loud it is to be."""

    title: str = "A mix"
    wishes: Wishes = field(default_factory=Wishes)
    target_lufs: float = MIX.target_lufs

    def __post_init__(self) -> None:
        if not _SOFTEST_LUFS <= self.target_lufs <= _LOUDEST_LUFS:
            raise ParameterError(
                f"a mix of {self.target_lufs:g} LUFS",
                remedy=f"Choose {_SOFTEST_LUFS:g} (soft) to {_LOUDEST_LUFS:g} (as loud as can be), such as -14",
            )


def plan_mix(tracks: Sequence[TrackFacts], settings: MixSettings) -> MixPlan:
    """Plan a mix of at least one track.

    Raises
    ------
    MixError, ParameterError
        See `segue.play.mix.plan.MixPlan`.
    """
    turns = [transition(a, b, settings.wishes) for a, b in pairwise(tracks)]
    gains = _gains(tracks, turns, settings.target_lufs)
    parts = []
    for number, facts in enumerate(tracks):
        begin_s = turns[number - 1].b_begins_s if number else facts.sound_begins_s
        end_s = turns[number].a_ends_s if number < len(turns) else facts.sound_ends_s
        parts.append(_part(facts, begin_s, end_s, gain_db=gains[number]))
    return MixPlan(tuple(parts), tuple(turn.join for turn in turns), settings.title, settings.target_lufs)


def quiet_notes(plan: MixPlan) -> Iterator[str]:
    """What to say of tracks that cannot be brought to the target loudness."""
    for part in plan.parts:
        if part.loudness_lufs is None:
            yield f"'{part.info.title}': its loudness is not known, and it is left as it is"
            continue
        lacking_db = plan.target_lufs - part.loudness_lufs - part.gain_db
        if lacking_db > _TOLD_DB:
            yield (
                f"'{part.info.title}' is raised by {part.gain_db:.1f} dB and stays {lacking_db:.1f} dB below the"
                " others: more would crush its peaks"
            )


def _part(facts: TrackFacts, begin_s: float, end_s: float, *, gain_db: float) -> Part:
    rhythm = facts.rhythm
    return Part(
        path=facts.path,
        info=facts.info,
        begin_s=begin_s,
        end_s=end_s,
        gain_db=gain_db,
        track_id=facts.track_id,
        loudness_lufs=rhythm.loudness_lufs,
        true_peak_dbtp=rhythm.true_peak_dbtp,
        tempo_bpm=rhythm.tempo_bpm,
        camelot=rhythm.camelot,
        why=facts.why,
    )


def _gains(tracks: Sequence[TrackFacts], turns: Sequence[Transition], target_lufs: float) -> list[float]:
    """Each track's own gain; those that run on into each other share one, or their balance would be lost."""
    found: list[float] = []
    for run in _runs(tracks, turns):
        peaks = [facts.rhythm.true_peak_dbtp for facts in run]
        peak = None if None in peaks else max(peak for peak in peaks if peak is not None)
        gain = gain_to_target_db(_joint_lufs(run), target_lufs=target_lufs, true_peak_dbtp=peak)
        found += [gain] * len(run)
    return found


def _runs(tracks: Sequence[TrackFacts], turns: Sequence[Transition]) -> Iterator[list[TrackFacts]]:
    run = [tracks[0]]
    for facts, turn in zip(tracks[1:], turns, strict=True):
        if turn.join.gapless:
            run.append(facts)
        else:
            yield run
            run = [facts]
    yield run


def _joint_lufs(run: Sequence[TrackFacts]) -> float | None:
    """The loudness of tracks one after the other: of their mean power."""
    known = [(facts.duration_s, facts.rhythm.loudness_lufs) for facts in run]
    powers = [(duration_s, 10.0 ** (lufs / 10.0)) for duration_s, lufs in known if lufs is not None]
    if not powers:
        return None
    return 10.0 * log10(sum(d * power for d, power in powers) / sum(d for d, _ in powers))
