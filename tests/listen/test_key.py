from __future__ import annotations

import numpy as np
import pytest

from segue.demo.theory import Key as DemoKey
from segue.listen.key import PitchMeter, camelot_of, key_of
from tests.listen.known_sounds import RATE_HZ, analyse, chord, drums

CADENCES = {  # i iv V7 i and their like, as semitones above the tonic
    "major": (
        (0, 4, 7, 12),
        (5, 9, 12, 17),
        (7, 11, 14, 17),
        (0, 4, 7, 12),
        (9, 12, 16, 21),
        (2, 5, 9, 14),
        (7, 11, 14, 19),
    ),
    "minor": (
        (0, 3, 7, 12),
        (5, 8, 12, 17),
        (7, 11, 14, 17),
        (0, 3, 7, 12),
        (8, 12, 15, 20),
        (5, 8, 12, 17),
        (7, 11, 14, 19),
    ),
}
NAMES = ("C", "Db", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B")


def cadence(tonic: int, mode: str, *, cents: float = 0.0) -> np.ndarray:
    """Chords over their roots in a key, twice."""
    shift = cents / 100.0
    chords = [
        chord((48 + tonic + tones[0] - 12 + shift, *(48 + tonic + tone + shift for tone in tones)), seconds=1.0)
        for tones in CADENCES[mode]
    ]
    return np.tile(np.concatenate(chords), 2)[None]


@pytest.mark.parametrize("mode", ["major", "minor"])
@pytest.mark.parametrize("tonic", range(12))
def test_all_keys(tonic: int, mode: str) -> None:
    found = analyse(cadence(tonic, mode))
    assert found.key == f"{NAMES[tonic]} {mode}"
    assert found.camelot == DemoKey(tonic, mode).camelot  # type: ignore[arg-type]
    assert found.key_confidence > 0.3


@pytest.mark.parametrize("cents", [-40.0, -20.0, 30.0])
def test_any_tuning(cents: float) -> None:
    assert analyse(cadence(9, "minor", cents=cents)).key == "A minor"


@pytest.mark.parametrize("bpm", [101.0, 126.0, 146.0, 177.0])
def test_the_one_pitch_of_a_snare_is_no_key(bpm: float) -> None:
    """Above the noise of the hats, which sounds in all classes alike, it used to be taken for F# major."""
    found = analyse(drums({"kick": (0, 1, 2, 3), "snare": (1, 3), "hat": (0.5, 1.5, 2.5, 3.5)}, bpm=bpm, seconds=20))
    assert (found.key, found.key_confidence) == (None, 0.0)


@pytest.mark.parametrize("kind", ["noise", "drums", "sine", "silence"])
def test_what_has_no_pitches_has_no_key(kind: str) -> None:
    n = 20 * RATE_HZ
    planes = {
        "noise": 0.1 * np.random.default_rng(0).standard_normal((1, n)),
        "drums": drums({"kick": (0, 2), "snare": (1, 3), "hat": (0.5, 1.5, 2.5, 3.5)}, bpm=120, seconds=20),
        "sine": 0.3 * np.sin(2 * np.pi * 440 * np.arange(n) / RATE_HZ)[None],
        "silence": np.zeros((2, n)),
    }[kind]
    found = analyse(planes.astype(np.float32))
    assert found.key is None
    assert found.camelot is None
    assert found.key_confidence == 0.0


def test_camelot_neighbours_are_fifths() -> None:
    assert [camelot_of(tonic, minor=False) for tonic in (0, 7, 2, 9)] == ["8B", "9B", "10B", "11B"]
    assert [camelot_of(tonic, minor=True) for tonic in (9, 4)] == ["8A", "9A"]
    everything = {camelot_of(tonic, minor=minor) for tonic in range(12) for minor in (False, True)}
    assert len(everything) == 24


def test_frames_add_up() -> None:
    frames = cadence(3, "minor")[0, ::5][: 20 * 4_096].reshape(20, 4_096) * np.hanning(4_096)
    spectra, bin_hz = np.abs(np.fft.rfft(frames)).astype(np.float32) / 1_024, 8_820.0 / 4_096
    whole, parts = PitchMeter(), PitchMeter()
    whole.take(spectra, bin_hz)
    for spectrum in spectra:
        parts.take(spectrum[None], bin_hz)
    assert whole.counts.sum() > 0
    np.testing.assert_allclose(parts.counts, whole.counts, rtol=1e-9)  # sums in another order


def test_silence_has_no_key() -> None:
    meter = PitchMeter()
    meter.take(np.zeros((3, 1_000), np.float32), 2.15)
    assert key_of(meter.counts) is None
