"""What artists, albums and songs are called, as it is compared: without case, accents, punctuation and remarks."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from segue.values import TrackInfo

_FEATURED = re.compile(r"[(\[]?\b(?:feat|ft|featuring)\b\.?.*", re.IGNORECASE)
_TRACK_NUMBER = re.compile(r"^\d{1,3}(?:[-.]\d{1,2})?\s*(?:[-._]\s*|\s+)(?=\D)")
_NOTE_WORDS = r"re-?master(?:ed)?|mono|stereo|official|(?:album|single) version|explicit|lyrics?|audio|video"
_NOTE = re.compile(
    rf"[(\[][^)\]]*\b(?:{_NOTE_WORDS})\b[^)\]]*[)\]]"  # "(2011 Remaster)", "[Official Video]"
    r"|\s-\s[^-]*\bre-?master(?:ed)?\b.*$",  # "- Remastered 2009"
    re.IGNORECASE,
)
_VERSION_WORDS = (
    r"live(?: on [^()\[\]]+)?|unplugged|concert|session|re-?mix(?:ed)?|mix|re-?edit|edit|version|rework|bootleg|dub"
    r"|extended|radio|acoustic|piano|orchestral|instrumental|a ?cc?app?ella|karaoke|demo|rehearsal|take|alternate"
    r"|alternative|outtake|reprise|cover|bonus|en vivo|ao vivo|en directo|dal vivo|en concert|akustisch"
)
_VERSION_END = rf"\b(?:{_VERSION_WORDS})\b(?:\W+(?:at|from|in|by|with|version|mix|edit|session|\d).*)?"
_VERSION = re.compile(
    rf"[(\[](?:[^)\]]*\W)?{_VERSION_END}[)\]]"  # "(Live at Leeds)", "[Someone's Remix]"
    rf"|\s[-–—]\s(?:[^-–—]*\W)?{_VERSION_END}$",  # "- Acoustic Version", but not "- Live and Let Die"
    re.IGNORECASE,
)
_DROPPED = frozenset("'’") | frozenset(map(chr, range(0x300, 0x370)))
"""Apostrophes and the accents of Latin letters; the marks of other scripts tell words apart and stay."""
_COMMON_ALBUMS = frozenset(
    re.split(
        r"\s*,\s*",
        "greatest hits, the greatest hits, best of, the best of, the very best of, unknown album, unknown, singles,"
        " the singles, live, demo, demos, untitled, ep, b sides, bonus tracks, misc, various",
    )
)
"""Albums that many artists have; an album of any other name is one album, whoever sings on it."""


def artist_key(info: TrackInfo) -> str:
    """The artist without case, accents, punctuation and guests; "" if unknown."""
    return _keys(info.artist, info.title)[0]


def recording_key(info: TrackInfo) -> str:
    """Artist and title as they are compared; "" unless both are known, for two songs may be called "Intro"."""
    return _keys(info.artist, info.title)[1]


def song_key(info: TrackInfo) -> str:
    """As `recording_key`, but the same for every version of a song: live, remixed, acoustic or as a demo."""
    return _keys(info.artist, _VERSION.sub("", info.title).strip() or info.title)[1]


def album_key(info: TrackInfo) -> str:
    """The album without case, accents and punctuation, and the artist where many albums are called so; or ""."""
    album = plain_words(info.album)
    return f"{album}\n{artist_key(info)}" if album in _COMMON_ALBUMS else album


@lru_cache(maxsize=200_000)  # a library's worth: the keys of a track are asked for at every pick
def _keys(artist: str, title: str) -> tuple[str, str]:
    """The artist's and the recording's key; a title such as "03 - Artist - Song" guesses what the tags left out."""
    title = _TRACK_NUMBER.sub("", title) if not artist else title
    if not artist and " - " in title:
        artist, title = title.split(" - ", 1)
    artist_words = plain_words(_FEATURED.sub("", artist)) or plain_words(artist)
    title_words = plain_words(_FEATURED.sub("", _NOTE.sub("", title))) or plain_words(title)
    return artist_words, f"{artist_words}\n{title_words}" if artist_words and title_words else ""


@lru_cache(maxsize=200_000)
def plain_words(text: str) -> str:
    """Letters and digits of any script, without case, Latin accents and punctuation, single spaces between."""
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    kept = (c if c.isalnum() or unicodedata.category(c)[0] == "M" else " " for c in decomposed if c not in _DROPPED)
    return " ".join("".join(kept).split())


def has_words(text: str, wanted: str) -> bool:
    """Whether some words, already plain, stand in a text as they are, next to each other."""
    return f" {wanted} " in f" {plain_words(text)} "
