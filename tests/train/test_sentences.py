from __future__ import annotations

import logging
from pathlib import Path

import numpy as np
import pytest

from segue.errors import FileAccessError, PlaylistError
from segue.train.sentences import LONGEST_SENTENCE, Corpus, Sentences, read_corpus, split, write_corpus
from segue.train.sources.playlist import SourcePlaylist, SourceTrack
from tests.train.playlists import clustered, key_of, playlist


def corpus_of(*playlists: SourcePlaylist, folder: Path) -> Corpus:
    return write_corpus(playlists, folder, key_of=key_of)


def titles(corpus: Corpus, k: int) -> list[str]:
    return [corpus.names[t][1] for t in corpus.list_tokens(k)]


def test_what_teaches_nothing_is_left_out_and_counted(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        corpus = corpus_of(
            playlist("1", "x", "x", "y", "x"),
            playlist("2", "x", "y", "x"),
            playlist("3", "z"),
            playlist("4", "y", "y"),
            playlist("5", "x", "", "w"),
            playlist("5", "w", "y"),
            playlist("6"),
            folder=tmp_path,
        )
    assert [titles(corpus, k) for k in range(len(corpus))] == [["x", "y", "x"], ["x", "w"], ["w", "y"]]
    facts = corpus.facts
    assert (facts.playlists_read, facts.playlists, facts.plays, facts.tracks) == (7, 3, 7, 3)
    assert (facts.identical_playlists, facts.short_playlists, facts.repeated_ids) == (1, 3, 1)
    assert (facts.repeated_neighbours, facts.nameless_tracks, facts.undated_playlists) == (2, 1, 3)
    assert "1 playlists have the id of an earlier one" in caplog.text
    assert "3 playlists hold fewer than two tracks" in caplog.text


def test_a_corpus_survives_the_disk_and_its_fingerprint_tells_contents_apart(tmp_path: Path) -> None:
    first = write_corpus(clustered(20), tmp_path / "a", key_of=key_of)
    again = read_corpus(tmp_path / "a")
    assert [titles(again, k) for k in range(20)] == [titles(first, k) for k in range(20)]
    assert again.facts == first.facts
    other = write_corpus(clustered(20, seed=1), tmp_path / "b", key_of=key_of)
    assert other.facts.fingerprint != first.facts.fingerprint
    with pytest.raises(FileAccessError, match="cannot be read"):
        read_corpus(tmp_path / "c")


def test_nothing_to_learn_from_is_told(tmp_path: Path) -> None:
    with pytest.raises(PlaylistError, match="there are no playlists"):
        corpus_of(folder=tmp_path)
    with pytest.raises(PlaylistError, match="none of the 2 playlists holds two different tracks"):
        corpus_of(playlist("1", "x"), playlist("2", "y"), folder=tmp_path)
    with pytest.raises(PlaylistError, match="3 tracks without any name"):
        corpus_of(SourcePlaylist("1", "", (SourceTrack(), SourceTrack(), SourceTrack())), folder=tmp_path)


def test_a_playlist_stays_on_its_side_when_others_join(tmp_path: Path) -> None:
    few = write_corpus(clustered(200), tmp_path / "few", key_of=key_of)
    many = write_corpus([*clustered(200), playlist("more", "x", "y")], tmp_path / "many", key_of=key_of)
    parts, more = (split(c, np.arange(len(c)), by="playlist", share=0.2, seed=7) for c in (few, many))
    assert set(parts.held_out) == set(more.held_out) - {200}
    assert 20 <= len(parts.held_out) <= 60  # 40 expected, standard deviation 5.7
    assert sorted([*parts.learn, *parts.held_out]) == list(range(200))
    other = split(few, np.arange(200), by="playlist", share=0.2, seed=8)
    assert set(other.held_out) != set(parts.held_out)


def test_one_id_never_falls_on_both_sides(tmp_path: Path) -> None:
    lists = [playlist(f"{k % 50}", f"x{k}", f"y{k}") for k in range(100)]
    corpus = corpus_of(*lists, folder=tmp_path)
    parts = split(corpus, np.arange(100), by="playlist", share=0.3)
    assert not {k % 50 for k in parts.learn.tolist()} & {k % 50 for k in parts.held_out.tolist()}


def test_by_date_the_last_days_are_held_out_whole(tmp_path: Path) -> None:
    dates = [f"2020-01-{1 + k // 4:02}" for k in range(40)]
    corpus = corpus_of(*(playlist(f"{k}", f"x{k}", "y", date=d) for k, d in enumerate(dates)), folder=tmp_path)
    parts = split(corpus, np.arange(40), by="date", share=0.1)
    assert parts.first_held_out_date == "2020-01-10"
    assert parts.held_out.tolist() == [36, 37, 38, 39]


def test_splits_that_cannot_be_are_refused(tmp_path: Path) -> None:
    corpus = corpus_of(playlist("1", "x", "y", date="2020-01-01"), playlist("2", "y", "x"), folder=tmp_path)
    with pytest.raises(PlaylistError, match="1 of 2 playlists have no date"):
        split(corpus, np.arange(2), by="date", share=0.1)
    with pytest.raises(PlaylistError, match="would be held out"):
        split(corpus, np.arange(2), by="playlist", share=1e-9)
    assert len(split(corpus, np.arange(2), by="date", share=0.0).learn) == 2


def test_sentences_can_be_read_again_in_the_lists_order_or_in_any(tmp_path: Path) -> None:
    corpus = write_corpus(clustered(30), tmp_path, key_of=key_of)
    kept = np.ones(len(corpus.keys), bool)
    ordered = Sentences(corpus, np.arange(30), kept, order="list", seed=0)
    want = sorted([corpus.keys[t] for t in corpus.list_tokens(k)] for k in range(30))
    assert sorted(ordered) == want
    assert list(ordered) == list(ordered)
    bag = Sentences(corpus, np.arange(30), kept, order="bag", seed=0)
    first = list(bag)
    assert list(bag) == first
    bag.epoch = 1
    second = list(bag)
    assert second != first
    assert sorted(map(sorted, first)) == sorted(map(sorted, second)) == sorted(map(sorted, want))


def test_longer_lists_than_gensim_takes_are_cut_in_pieces_and_lose_nothing(tmp_path: Path) -> None:
    long = playlist("long", *(f"t{k}" for k in range(LONGEST_SENTENCE + 5)))
    corpus = corpus_of(long, folder=tmp_path)
    pieces = list(Sentences(corpus, np.arange(1), np.ones(len(corpus.keys), bool), order="list", seed=0))
    assert [len(piece) for piece in pieces] == [LONGEST_SENTENCE, 5]
