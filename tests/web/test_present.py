from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from segue.errors import FileAccessError, ParameterError
from segue.listen.key import camelot_named, key_of_camelot
from segue.play import playqueue
from segue.play.fades import Fade, Sound, Turn
from segue.play.playqueue import Queue, Song
from segue.store.background import Preparing, ScanStatus
from segue.store.watch import WatchState
from segue.values import UNKNOWN_RHYTHM as UNKNOWN
from segue.values import ByHand, LibraryCounts, ScanProgress, Track
from segue.web import present
from segue.words import SOURCE, say, speak

LISTENING = ScanProgress("listening", 120, 843, 7, None, 3.0, 240.0)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, ""), (-1, ""), (7.4, "0:07"), (59.6, "1:00"), (187, "3:07"), (3727, "1:02:07"), (36_000, "10:00:00")],
)
def test_lengths_read_as_on_a_record_sleeve(seconds: float, text: str) -> None:
    assert present.clock(seconds) == text


@pytest.mark.parametrize(
    ("seconds", "text"), [(20, "less than a minute"), (60, "about 1 min"), (240, "about 4 min"), (7300, "about 2 h")]
)
def test_what_is_left_is_said_in_round_words(seconds: float, text: str) -> None:
    assert present.about(seconds) == text


def test_the_scan_says_where_it_is() -> None:
    assert present.progress_line(LISTENING) == "Listening to your music: 120 of 843, about 4 min left"
    assert present.progress_line(replace(LISTENING, eta_s=None)) == "Listening to your music: 120 of 843"
    assert present.progress_line(replace(LISTENING, total=0)) == "Looking through your music"
    assert present.progress_line(replace(LISTENING, phase="pooling")) == "Comparing the songs with each other"
    look = replace(LISTENING, phase="quick look", done=4100, total=10_000)
    assert present.progress_line(look) == "A quick look at 4,100 of 10,000 songs, about 4 min left"
    closely = replace(LISTENING, closely=True, eta_s=None)
    assert present.progress_line(closely) == "Listening closely: 120 of 843"
    measuring = replace(LISTENING, phase="measuring", eta_s=None)
    assert present.progress_line(measuring) == "Finding tempo and key: 120 of 843"


def test_the_status_speaks_of_preparation_progress_and_what_stopped_it() -> None:
    assert present.status_line(ScanStatus()) is None
    assert present.status_line(ScanStatus(running=True)) == "Looking through your music"
    composing = Preparing("Composing the demo library: {done} of {total} songs", 250, 1000)
    assert present.status_line(ScanStatus(running=True, preparing=Preparing("Composing"))) == "Composing"
    assert present.status_line(ScanStatus(running=True, preparing=composing)) == (
        "Composing the demo library: 250 of 1,000 songs"
    )
    assert present.status_line(ScanStatus(running=True, progress=LISTENING)) == present.progress_line(LISTENING)
    assert present.status_line(ScanStatus(error="The disk is full.")) == "The disk is full."
    assert present.status_share(ScanStatus(running=True, progress=LISTENING)) == pytest.approx(100 * 120 / 843)
    unknown = ScanStatus(running=True, preparing=Preparing("Composing"), progress=LISTENING)
    assert present.status_share(unknown) is None
    assert present.status_share(ScanStatus(running=True, preparing=composing)) == 25.0


def test_what_goes_on_in_the_background_is_said_in_the_language_of_whoever_looks() -> None:
    """The demo that `segue serve --demo` composed told of itself in English in a German browser."""
    composing = Preparing("Composing the demo library: {done} of {total} songs", 22, 100)
    speak("de")
    try:
        assert present.status_line(ScanStatus(running=True, preparing=composing)) == (
            "Die Demo-Bibliothek wird komponiert: 22 von 100 Titeln"
        )
    finally:
        speak(SOURCE)


def test_a_german_reads_german_names_of_keys_and_may_write_what_is_read() -> None:
    assert set(present.KEYS) == {key_of_camelot(f"{hour}{letter}") for hour in range(1, 13) for letter in "AB"}
    speak("de")
    try:
        b_flat = replace(UNKNOWN, key="Bb major", camelot="6B")
        assert present.rhythm_facts(b_flat)[1] == "B-Dur (6B)"
        assert [key_of_camelot(camelot_named(say(name))) for name in present.KEYS] == list(present.KEYS)
    finally:
        speak(SOURCE)


def test_tempo_key_and_loudness_are_said_as_far_as_they_are_known() -> None:
    known = replace(UNKNOWN, tempo_bpm=87.5, key="A minor", camelot="8A", loudness_lufs=-9.26)
    assert present.rhythm_facts(known) == ("88 BPM", "A minor (8A)", "\N{MINUS SIGN}9.3 LUFS")
    assert present.rhythm_facts(replace(known, key=None, camelot=None))[1] == "Key unknown"
    assert present.rhythm_facts(UNKNOWN) == ("Tempo unknown", "Key unknown", "Loudness unknown")
    assert present.rhythm_facts(None) == ("Tempo and key unknown",)


@pytest.mark.parametrize(
    ("tempo_bpm", "by_hand", "shown"),
    [(99.5, (), "100"), (99.5, ("tempo",), "99.5"), (99.5, ("key",), "100"), (120.0, ("tempo",), "120"),
     (87.25, ("tempo",), "87.25"), (93.333, ("tempo",), "93.33"), (119.999, ("tempo",), "120")],
)  # fmt: skip
def test_a_tempo_that_was_set_by_hand_is_shown_with_its_fraction(
    tempo_bpm: float, by_hand: tuple[ByHand, ...], shown: str
) -> None:
    """The table said 99.5, and the card that it plays 100."""
    set_by_hand = replace(UNKNOWN, tempo_bpm=tempo_bpm, by_hand=by_hand)
    assert present.rhythm_facts(set_by_hand)[0] == f"{shown} BPM"


def test_the_watch_is_put_into_words() -> None:
    one, two = Path("/music"), Path("/media/usb")
    assert present.watch_line(None) == "New songs are found when you add their folder again"
    assert present.watch_line(WatchState()) == "Nothing to watch yet: add a folder"
    assert present.watch_line(WatchState((one,))) == "Watching 1 folder"
    assert present.watch_line(WatchState((one,), (two,))) == "Watching 1 folder. Looking over 1 folder every 30 s"
    assert present.watch_line(WatchState((), (one, two), note="the system watches no more")) == (
        "Looking over 2 folders every 30 s, since the system watches no more"
    )
    assert present.watch_line(WatchState((one, two), away=(two,))) == (
        "Watching 1 folder. Nothing is in usb: is its drive connected?"
    )


def test_a_few_songs_that_the_watch_found_are_told_aside() -> None:
    progress = ScanProgress("listening", 998, 1000, 0, None, 1.0, 2.0)
    few = ScanStatus(running=True, quiet=True, progress=progress)
    assert present.watch_line(WatchState((Path("/music"),)), few) == "Listening to 2 new songs"
    assert present.status_line(few) is None
    for phase in ("pooling", "measuring"):  # the songs that are left then are no new ones
        status = replace(few, progress=replace(progress, phase=phase))
        assert present.watch_line(None, status) == "Looking at what has changed"
    many = replace(few, progress=replace(progress, done=100))
    assert present.watch_line(WatchState((Path("/music"),)), many) == "Watching 1 folder"
    assert present.status_line(many) == "Listening to your music: 100 of 1,000, less than a minute left"
    assert present.status_line(replace(few, quiet=False)) is not None
    assert present.watch_line(None, ScanStatus(running=True, quiet=True)) == "Looking at what has changed"


def test_failures_are_counted_in_words() -> None:
    counts = LibraryCounts(tracks=5, files=5, slices=9, failures=0)
    assert present.failures_line(counts) is None
    assert present.failures_line(replace(counts, failures=1)) == "1 file could not be read"
    assert present.failures_line(replace(counts, failures=7)) == "7 files could not be read"


def test_the_list_says_what_it_holds() -> None:
    counts = LibraryCounts(tracks=12_043, files=1, slices=1, failures=0)
    assert present.results_line("", shown=60, more=True, counts=counts) == "12,043 songs"
    assert present.results_line(" jazz ", shown=1, more=False, counts=counts) == "1 song with “jazz”"
    assert present.results_line("jazz", shown=60, more=True, counts=counts) == "More than 60 songs with “jazz”"
    assert present.results_line("xyz", shown=0, more=False, counts=counts) == "Nothing holds “xyz”"


def test_our_own_errors_are_shown_as_they_are_and_no_others() -> None:
    own = FileAccessError("it is not there", remedy="Check the path", path="/music")
    assert present.error_line(own) == "/music: it is not there. Check the path"
    assert present.error_line(ParameterError("a name is missing", remedy="Give it one")).startswith("A name is missing")
    quoting = ParameterError("'abc' is no tempo", remedy="Write it in BPM")
    assert present.error_line(quoting) == "'abc' is no tempo. Write it in BPM"  # "'Abc' is no tempo" it said
    assert present.error_line(KeyError("secret")) == present.FAULT_TEXT


def test_the_deck_names_tracks_by_id_and_never_by_path(shelf: tuple[Track, ...]) -> None:
    queue = playqueue.go_next(playqueue.append(Queue(), [Song(shelf[0].id), Song(shelf[1].id, "chosen", "near")]))
    deck = present.deck(queue, {track.id: track for track in shelf})
    assert deck["current"]["src"] == f"/media/{shelf[0].id}/audio"
    assert deck["next"]["title"] == shelf[1].info.title
    assert (deck["upcoming"], deck["has_previous"], deck["can_undo"], deck["can_redo"]) == (1, False, True, False)
    assert str(shelf[0].paths[0].parent) not in str(deck)


def test_the_deck_says_how_the_song_goes_over_into_the_next(shelf: tuple[Track, ...]) -> None:
    queue = playqueue.go_next(playqueue.append(Queue(), [Song(shelf[0].id), Song(shelf[1].id, "chosen", "near")]))
    turn = Turn(Sound(gain_db=-3.0, outro_start_s=190.0), Sound(2.0, 4.0), Fade(198.0, 1.5, 6.0))
    deck = present.deck(queue, {track.id: track for track in shelf}, turn=turn)
    assert deck["fade"] == {"end_s": 198.0, "start_s": 1.5, "fade_s": 6.0, "gapless": False}
    assert (deck["current"]["gain_db"], deck["current"]["outro_start_s"]) == (-3.0, 190.0)
    assert (deck["next"]["gain_db"], deck["next"]["most_gain_db"], deck["next"]["why"]) == (2.0, 4.0, "near")
    assert present.deck(queue, {})["fade"] is None


def test_a_song_that_left_the_library_is_still_a_place_in_the_queue(shelf: tuple[Track, ...]) -> None:
    queue = playqueue.go_next(playqueue.append(Queue(), [Song(shelf[0].id)]))
    assert present.deck(queue, {})["current"]["title"] == present.GONE
