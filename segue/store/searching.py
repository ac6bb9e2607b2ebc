"""Finding tracks by words, in the table of tracks."""

from __future__ import annotations

from collections.abc import Sequence

from segue.errors import UnknownTrackError
from segue.store import rows
from segue.store.database import Connection
from segue.store.heard_tags import HOLDS_TAG
from segue.store.track_rows import ORDER, track_of
from segue.store.typos import SHORTEST, other_spellings
from segue.values import Track


def search(db: Connection, words: str, *, limit: int | None, by_sound: bool) -> tuple[Track, ...]:
    """Tracks that hold every word, best first; see `segue.store.library.Library.search`."""
    wanted = rows.words_to_find(words)
    found = _search(db, wanted, limit=limit, by_sound=by_sound)
    if found or max(map(len, wanted), default=0) < SHORTEST:
        return found
    known = {word for (text,) in db.execute("SELECT all_words FROM tracks") for word in text.split()}
    near = (
        track
        for spelt in other_spellings(wanted, known)
        for track in _search(db, spelt, limit=limit, by_sound=by_sound)
    )
    return tuple({track.id: track for track in near}.values())[:limit]


def _search(db: Connection, wanted: list[str], *, limit: int | None, by_sound: bool) -> tuple[Track, ...]:
    one = f"(instr(all_words, ?) > 0 OR {HOLDS_TAG})" if by_sound else "instr(all_words, ?) > 0"
    holds = " AND ".join(one for _ in wanted) or "1"
    rank = " + ".join(
        "2 * (instr(tag_words, ' ' || ?) > 0) + (instr(tag_words, ?) > 0) + (instr(all_words, ?) > 0)" for _ in wanted
    )
    asked = [word for word in wanted for _ in range(2 if by_sound else 1)]
    asked += [word for word in wanted for _ in range(3)]
    statement = f"SELECT id FROM tracks WHERE {holds} ORDER BY {rank or 'NULL'} DESC, {ORDER} LIMIT ?"
    ids = db.execute(statement, (*asked, -1 if limit is None else limit)).fetchall()
    found = (track_of(db, track_id) for (track_id,) in ids)
    return tuple(track for track in found if track is not None)


def only_one(found: Sequence[Track], what: str) -> Track:
    """The one track of those that words fit, or the one of just that title; raises UnknownTrackError for several."""
    exact = [track for track in found if track.info.title.casefold() == what.casefold()]
    left = exact if len(found) > 1 and len(exact) == 1 else found
    if len(left) > 1:
        some = "; ".join(f"{t.id} {' - '.join(filter(None, (t.info.artist, t.info.title)))}" for t in left[:5])
        some += f", and {len(left) - 5} more" if len(left) > 5 else ""
        raise UnknownTrackError(f"'{what}' fits {len(left)} tracks: {some}", remedy="Give one id, a path or more words")
    return left[0]
