"""Words that were mistyped: one letter wrong, missing, too many, or two changed over."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import product

SHORTEST = 5  # a shorter word is one letter away from too many others
_MOST_SPELLINGS = 8
_MOST_TRIALS = 24


def other_spellings(words: Sequence[str], vocabulary: Iterable[str]) -> Iterator[list[str]]:
    """Yield the words as they may have been meant: each of five letters or more may be a slip from one that is known.

    A known word may go on after what was typed. Those nearest in length come first; the words as typed are left out.
    """
    known = set(vocabulary)
    choices = [[word, *_spellings(word, known)] if len(word) >= SHORTEST else [word] for word in words]
    for number, spelt in enumerate(product(*choices)):
        if number >= _MOST_TRIALS:
            return
        if spelt != tuple(words):
            yield list(spelt)


def _spellings(word: str, known: Iterable[str]) -> list[str]:
    first = set(word[:2])
    near = (other for other in known if other[:1] in first or other[1:2] in first)  # one slip leaves one of those two
    found = [other for other in near if other != word and is_slip(word, other)]
    return sorted(found, key=lambda other: (abs(len(other) - len(word)), other))[:_MOST_SPELLINGS]


def is_slip(typed: str, meant: str) -> bool:
    """Whether one slip makes what was typed out of a word, or out of its beginning."""
    return any(_is_one_edit(typed, meant[:length]) for length in range(len(typed) - 1, len(typed) + 2))


def _is_one_edit(one: str, other: str) -> bool:
    if abs(len(one) - len(other)) > 1 or one == other:
        return False
    same = next((i for i, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
    if len(one) == len(other):
        swapped = one[same : same + 2] == other[same : same + 2][::-1]
        return one[same + 1 :] == other[same + 1 :] or (swapped and one[same + 2 :] == other[same + 2 :])
    longer, shorter = (one, other) if len(one) > len(other) else (other, one)
    return longer[same + 1 :] == shorter[same:]
