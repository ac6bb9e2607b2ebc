"""What of a track's rhythm holds when the listener says another tempo or key."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from segue.errors import ParameterError
from segue.listen.by_hand import Correction, beats_at, corrected
from segue.listen.key import camelot_named, camelot_of, key_of_camelot
from segue.values import UNKNOWN_RHYTHM, Rhythm


def measured(bpm: float, *, beats: int = 64, intro_beat: int | None = None) -> Rhythm:
    times = (0.5 + np.arange(beats) * 60.0 / bpm).astype(np.float32)
    cue_s = None if intro_beat is None else float(times[intro_beat])
    return replace(
        UNKNOWN_RHYTHM, tempo_bpm=bpm, tempo_confidence=0.6, tempo_alternatives=(bpm / 2,), beats_s=times,
        intro_end_s=cue_s, key="C major", camelot="8B", key_confidence=0.4,
    )  # fmt: skip


def test_what_is_set_holds_and_is_wholly_sure_and_the_rest_stays() -> None:
    heard = measured(174.0)
    found = corrected(heard, Correction(87.0, "8A"))
    assert (found.tempo_bpm, found.tempo_confidence, found.tempo_alternatives) == (87.0, 1.0, ())
    assert (found.key, found.camelot, found.key_confidence) == ("A minor", "8A", 1.0)
    assert found.by_hand == ("tempo", "key")
    key_alone = corrected(heard, Correction(camelot="8A"))
    assert (key_alone.tempo_bpm, key_alone.by_hand) == (174.0, ("key",))
    assert key_alone.beats_s is heard.beats_s


@pytest.mark.parametrize("times", [2, 3, 4])
def test_at_a_multiple_of_the_tempo_each_beat_is_parted_evenly(times: int) -> None:
    heard = measured(60.0)
    beats = beats_at(heard, 60.0 * times)
    np.testing.assert_array_equal(beats[::times], heard.beats_s)
    np.testing.assert_allclose(np.diff(beats), 1.0 / times, atol=1e-5)  # float32 at a minute


@given(st.sampled_from([2, 3, 4]), st.integers(0, 63))
def test_at_a_part_of_the_tempo_the_beats_keep_step_with_the_bar(times: int, intro_beat: int) -> None:
    heard = measured(160.0, intro_beat=intro_beat)
    beats = beats_at(heard, 160.0 / times)
    assert heard.intro_end_s in beats.tolist()
    np.testing.assert_allclose(np.diff(beats), times * 60.0 / 160.0, atol=1e-4)


def test_a_tempo_that_is_nearly_the_measured_one_has_its_beats_and_any_other_has_none() -> None:
    heard = measured(120.0)
    np.testing.assert_array_equal(beats_at(heard, 121.0), heard.beats_s)
    for bpm in (100.0, 180.0, 30.0 * 0.9):
        assert len(beats_at(heard, bpm)) == 0
    assert len(beats_at(UNKNOWN_RHYTHM, 120.0)) == 0


@pytest.mark.parametrize("bpm", [19.9, 400.1, float("nan"), float("inf")])
def test_a_tempo_that_nobody_would_count_is_refused(bpm: float) -> None:
    with pytest.raises(ParameterError, match="Give 20 to 400"):
        Correction(bpm)


@pytest.mark.parametrize(
    ("said", "camelot"),
    [
        ("8A", "8A"), ("12b", "12B"), (" am ", "8A"), ("A minor", "8A"), ("A", "11B"), ("a MAJOR", "11B"),
        ("F#m", "11A"), ("Gbm", "11A"), ("Bb", "6B"), ("bb min", "3A"), ("E\u266d maj", "5B"), ("Cb", "1B"),
        ("BM", "1B"),
    ],
)  # fmt: skip
def test_keys_are_taken_as_people_write_them(said: str, camelot: str) -> None:
    assert camelot_named(said) == camelot


@pytest.mark.parametrize(
    ("said", "camelot"),
    [
        ("C-Dur", "8B"), ("Des-Dur", "3B"), ("D-Dur", "10B"), ("Es-Dur", "5B"), ("E-Dur", "12B"), ("F-Dur", "7B"),
        ("Fis-Dur", "2B"), ("G-Dur", "9B"), ("As-Dur", "4B"), ("A-Dur", "11B"), ("B-Dur", "6B"), ("H-Dur", "1B"),
        ("c-Moll", "5A"), ("cis-Moll", "12A"), ("d-Moll", "7A"), ("es-Moll", "2A"), ("e-Moll", "9A"), ("f-Moll", "4A"),
        ("fis-Moll", "11A"), ("g-Moll", "6A"), ("gis-Moll", "1A"), ("a-Moll", "8A"), ("b-Moll", "3A"),
        ("h-Moll", "10A"), ("H moll", "10A"), ("AS DUR", "4B"), ("ges-dur", "2B"), ("dis \u2013 Moll", "2A"),
        ("Ces-Dur", "1B"), ("Bb-Dur", "6B"), ("F#-Moll", "11A"), ("B minor", "10A"), ("Bm", "10A"), ("B", "1B"),
    ],
)  # fmt: skip
def test_german_names_of_keys_are_taken_with_their_dur_and_moll_and_a_bare_b_stays_english(
    said: str, camelot: str
) -> None:
    assert camelot_named(said) == camelot


def test_every_name_that_is_given_is_taken() -> None:
    codes = {camelot_of(tonic, minor=minor) for tonic in range(12) for minor in (False, True)}
    assert {camelot_named(key_of_camelot(code)) for code in codes} == codes


@pytest.mark.parametrize("said", ["13A", "0A", "H", "Hm", "8C", "A dorian", "", "A minor 2", "Cs-Dur", "Moll"])
def test_what_is_no_key_is_refused(said: str) -> None:
    with pytest.raises(ParameterError, match="is no key"):
        camelot_named(said)
    with pytest.raises(ParameterError, match="is no Camelot code"):
        Correction(camelot=said)
