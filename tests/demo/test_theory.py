"""Keys, chords and voice leading."""

from __future__ import annotations

from itertools import pairwise

import pytest

from segue.demo.theory import Key, frequency, nearest_pitch, progression, voice_lead


@pytest.mark.parametrize(
    ("tonic", "mode", "name", "camelot"),
    [
        (0, "major", "C major", "8B"),
        (9, "minor", "A minor", "8A"),
        (6, "minor", "F# minor", "11A"),
        (11, "major", "B major", "1B"),
        (1, "minor", "Db minor", "12A"),
        (7, "major", "G major", "9B"),
    ],
)
def test_key_names_and_camelot(tonic, mode, name, camelot):
    assert (Key(tonic, mode).name, Key(tonic, mode).camelot) == (name, camelot)


def test_progression_reads_semitones_above_the_tonic():
    minor_ninth, sixth = progression("0m9 8M7", Key(9, "minor"))
    assert minor_ninth.classes == (9, 0, 4, 7, 11)
    assert sixth.classes == (5, 9, 0, 4)


def test_progression_refuses_what_is_no_chord():
    with pytest.raises(ValueError, match="not a chord"):
        progression("Am", Key(0, "major"))


def test_voices_move_little_and_hold_the_chord():
    chords = progression("0 9m 5 7", Key(0, "major"))
    led = voice_lead(chords, centre=62, voices=3)
    for chord, voicing in zip(chords, led, strict=True):
        assert {pitch % 12 for pitch in voicing} == set(chord.classes)
    for before, after in pairwise(led):
        assert sum(abs(a - b) for a, b in zip(before, after, strict=True)) <= 7


def test_pitches():
    assert frequency(69) == pytest.approx(440.0)
    assert nearest_pitch(0, 61) == 60
    assert nearest_pitch(11, 60) == 59
