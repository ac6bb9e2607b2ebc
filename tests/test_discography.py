"""Albums and artists as programs browse them."""

from __future__ import annotations

from pathlib import Path

import pytest

from segue.discography import NO_ALBUM, NO_ARTIST, VARIOUS, Discography, arrange, artist_id
from segue.values import Track, TrackId, TrackInfo


def song(number: int, artist: str, album: str, *, folder: str = "/m", artwork: bool = False, genre: str = "") -> Track:
    info = TrackInfo(f"Song {number}", artist, album, genre, 1990 + number, 60.0, artwork)
    return Track(TrackId(f"{number:016x}"), (Path(folder) / f"{number:02d}.mp3",), info)


def ids(*numbers: int) -> tuple[str, ...]:
    return tuple(f"{number:016x}" for number in numbers)


def test_albums_hold_their_songs_in_order_and_stand_under_their_artist() -> None:
    discs = arrange(
        [song(1, "Ada", "One", genre="Folk"), song(2, "ADA", "one", artwork=True), song(3, "Ada", "Two")],
        {TrackId(ids(2)[0]): 5.0},
    )
    one, two = discs.albums.values()
    assert (one.name, one.tracks, one.cover, one.duration_s) == ("One", ids(1, 2), ids(2)[0], 120.0)
    assert (one.genre, one.year, one.added_s) == ("Folk", 1992, 5.0)
    assert two.tracks == ids(3)
    (ada,) = discs.artists.values()
    assert (ada.id, ada.name, ada.albums) == (artist_id("ada"), "Ada", (one, two))
    assert discs.places[TrackId(ids(2)[0])] == (one.id, 2)
    assert discs.songs == ids(1, 2, 3)


def test_the_discs_of_an_album_are_one() -> None:
    discs = arrange([song(1, "Ada", "One", folder="/m/cd1"), song(2, "Ada", "One", folder="/m/cd2")], {})
    assert [album.tracks for album in discs.albums.values()] == [ids(1, 2)]


def test_guests_do_not_take_an_album_apart() -> None:
    discs = arrange([song(1, "Ada", "One"), song(2, "Ada feat. Bo", "One"), song(3, "Ada", "One")], {})
    (album,) = discs.albums.values()
    assert album.artist == "Ada"
    assert discs.artists[artist_id("Ada feat. Bo")].albums == (album,)


def test_many_artists_make_a_compilation() -> None:
    discs = arrange([song(n, f"Artist {n}", "Summer") for n in range(4)], {})
    (album,) = discs.albums.values()
    assert album.artist == VARIOUS
    assert len(discs.artists) == 5


def test_two_artists_greatest_hits_in_one_folder_are_two_albums() -> None:
    discs = arrange([song(1, "Ada", "Greatest Hits"), song(2, "Bo", "Greatest Hits")], {})
    assert [(album.artist, album.tracks) for album in discs.albums.values()] == [("Ada", ids(1)), ("Bo", ids(2))]


def test_what_has_no_tags_can_be_found() -> None:
    discs = arrange([song(1, "", "")], {})
    (album,) = discs.albums.values()
    assert (album.artist, album.name) == (NO_ARTIST, NO_ALBUM)
    assert [artist.name for artist in discs.artists.values()] == [NO_ARTIST]


def test_names_are_found_by_their_words_and_sorted_without_the_article() -> None:
    discs = arrange([song(1, "The Cartographers", "Ünder"), song(2, "Dusty", "Over", folder="/n")], {})
    assert [artist.name for artist in discs.artists.values()] == ["The Cartographers", "Dusty"]
    assert [album.name for album in discs.find_albums("under carto")] == ["Ünder"]
    assert [artist.name for artist in discs.find_artists("dust")] == ["Dusty"]


def test_ids_stay_when_songs_come_and_go() -> None:
    before = arrange([song(1, "Ada", "One")], {})
    after = arrange([song(0, "Aaron", "Zero", folder="/n"), song(1, "Ada", "One"), song(2, "Ada", "One")], {})
    assert set(before.albums) < set(after.albums)
    assert set(before.artists) < set(after.artists)


def test_it_is_worked_out_again_only_when_the_library_has_changed() -> None:
    asked: list[int] = []
    state = {"version": 1}

    def tracks() -> list[Track]:
        asked.append(1)
        return [song(1, "Ada", "One")]

    discography = Discography(lambda: state["version"], tracks, dict)
    first = discography.now()
    assert discography.now() is first
    state["version"] = 2
    discography._held = (1, 0.0, first)
    assert discography.now() is not first
    assert len(asked) == 2


@pytest.mark.parametrize("artist", ["\ud800broken", "Ōsaka", ""])
def test_any_name_has_an_id(artist: str) -> None:
    assert len(arrange([song(1, artist, "One")], {}).artists) == 1
