"""Words by which Christmas music and spoken word are known, in several languages."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Self

import numpy as np
from numpy.typing import NDArray

_FIRST_WITHOUT_SPACES = "\u2e80"  # Chinese, Japanese and Korean write words without spaces between

_ACCENTS = re.compile("[\u0300-\u036f]")


@dataclass(frozen=True, slots=True)
class WordList:
    """Words, and the columns of a catalogue in which they count."""

    columns: tuple[str, ...]
    words: tuple[str, ...]
    _pattern: re.Pattern[str] = field(repr=False)

    @classmethod
    def of(cls, columns: tuple[str, ...], words: str, *, alone: bool = False) -> Self:
        """The words of a text, parted by commas and lines; what has several parts is one.

        Those that stand ``alone`` count only where they are all that is said, or one of several things: "Comedy" and
        "Comedy; Live", but not "Comedy Rock".
        """
        found = tuple(sorted(filter(None, (_plain(word).strip() for word in re.split(r"[,\n]", words)))))
        pattern = "|".join(map(_expression, found))
        return cls(columns, found, re.compile(rf"(?:^|[;,/|])\s*(?:{pattern})\s*(?:$|[;,/|])" if alone else pattern))

    def found_in(self, texts: Sequence[str]) -> NDArray[np.bool_]:
        """Which of the texts hold one of the words as a whole, (n,) bool.

        All texts are searched at once for the longest part of each word, which takes some seconds for a million; only
        where one stands is the text looked at more closely.
        """
        everything = _plain("\n".join(texts))
        plain = everything.split("\n")
        if len(plain) != len(texts):  # some hold ends of lines
            plain = [_plain(text).replace("\n", " ") for text in texts]
            everything = "\n".join(plain)
        found = np.zeros(len(plain), np.bool_)
        starts = np.cumsum([0, *(len(text) + 1 for text in plain)])
        for part in {max(word.split(), key=len) for word in self.words}:
            at = everything.find(part)
            while at >= 0:
                row = int(np.searchsorted(starts, at, side="right")) - 1
                found[row] = found[row] or self._pattern.search(plain[row]) is not None
                at = everything.find(part, int(starts[row + 1]))
        return found


def _expression(word: str) -> str:
    parts = r"[\W_]+".join(map(re.escape, word.split()))
    return parts if word[0] >= _FIRST_WITHOUT_SPACES else rf"(?<![^\W_]){parts}(?![^\W_])"


def _plain(text: str) -> str:
    """A text without case and the accents of Latin, Greek and Cyrillic letters."""
    return text.lower() if text.isascii() else _ACCENTS.sub("", unicodedata.normalize("NFKD", text.casefold()))


# Not "noel", "natal" or "jul" by themselves: they are also names of people.
CHRISTMAS = (
    WordList.of(
        ("title", "album", "genre", "shelf"),
        """
        christmas, xmas, x mas, christmastime, christmastide, santa claus, santa baby, father christmas, yuletide
        jingle bells, jingle bell rock, sleigh ride, silent night, o holy night, let it snow, winter wonderland
        little drummer boy, frosty the snowman, rudolph the red nosed reindeer, deck the halls, away in a manger
        the first noel, hark the herald angels sing, god rest ye merry gentlemen, o come all ye faithful
        adeste fideles, under the mistletoe, feliz navidad, navidad, navidades, navideno, navidena, navidenas
        villancico, villancicos, noche de paz, weihnachten, weihnacht, weihnachtslied, weihnachtslieder
        weihnachtszeit, weihnachtsalbum, weihnachtsoratorium, stille nacht, o tannenbaum, kling glockchen
        ihr kinderlein kommet, lasst uns froh und munter sein, leise rieselt der schnee, adventslieder, de noel
        joyeux noel, petit papa noel, pere noel, vive le vent, mon beau sapin, minuit chretiens, douce nuit
        buon natale, di natale, bianco natale, a natale, tu scendi dalle stelle, astro del ciel, feliz natal
        de natal, noite feliz, kerst, kerstmis, kerstfeest, kerstliedjes, kerstnacht, god jul, glade jul
        gledelig jul, julsanger, julesanger, julemusik, julemusikk, juleaften, jullatar, joulu, joululaulu
        joululauluja, koleda, koledy, boze narodzenie, bozego narodzenia, swieta noc, vanoce, vanocni, vianoce
        karacsony, karacsonyi, craciun, colinde, colind, noel sarkilari, рождество, рождественские песни
        рождественская, різдво, коляда, колядки, коледа, クリスマス, 圣诞, 聖誕, 크리스마스
        """,
    ),
    WordList.of(("genre",), "holiday, noel, natale, natal, weihnachtsmusik, jul, julmusik", alone=True),
)
SPOKEN = (
    WordList.of(
        ("genre", "album", "shelf"),
        """
        audiobook, audiobooks, audio book, audio books, books & spoken, spoken word, podcast, podcasts, unabridged
        audio drama, audio dramas, audio theatre, radio drama, radio play, radio plays, horbuch, horbucher, horspiel
        horspiele, livre audio, livres audio, audiolivre, audiolibro, audiolibros, audiolibri, luisterboek
        luisterboeken, lydbok, lydboker, lydbog, lydboger, ljudbok, ljudbocker, aanikirja, aanikirjat, hangoskonyv
        audiokniha, audioknihy, sesli kitap, audioknigi, audiokniga, аудиокнига, аудиокниги, аудиоспектакль
        オーディオブック, 有声书, 有聲書, 相声, 相聲, 오디오북
        """,
    ),
    WordList.of(
        ("genre",),
        """
        spoken, speech, speeches, comedy, stand up comedy, stand up, standup, lecture, lectures, interview
        interviews, sermon, sermons, talk, talk radio, news, language course, language learning, storytelling
        poetry reading, lesung, vortrag, kabarett, humour
        """,
        alone=True,
    ),
)
SPOKEN_TAGS = frozenset({"speech", "spoken word", "spoken", "talking", "comedy", "audiobook", "narration"})
"""What an ear may hear that is no music; Speccy's tags have none of it yet, others may."""
