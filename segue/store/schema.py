"""The tables of library.db, as docs/data-formats.md describes them."""

from __future__ import annotations

APPLICATION_ID = 0x53656775
"""'Segu' in the file's header, so that another program's database is not taken for a library."""

SCHEMA_VERSION = 5

_HEARD_TAGS = """
CREATE TABLE heard_tags (
    track_id TEXT NOT NULL REFERENCES tracks (id) ON DELETE CASCADE,
    model TEXT NOT NULL,
    mel TEXT NOT NULL,
    head TEXT NOT NULL,
    probabilities BLOB NOT NULL,
    words TEXT NOT NULL,
    PRIMARY KEY (track_id, model, mel)
);
"""

_RHYTHMS = """
CREATE TABLE rhythms (
    track_id TEXT PRIMARY KEY REFERENCES tracks (id) ON DELETE CASCADE,
    version INTEGER NOT NULL,
    tempo_bpm REAL,
    tempo_confidence REAL NOT NULL,
    tempo_alternatives TEXT NOT NULL,
    beats BLOB NOT NULL,
    key TEXT,
    camelot TEXT,
    key_confidence REAL NOT NULL,
    loudness_lufs REAL,
    true_peak_dbtp REAL,
    leading_silence_s REAL NOT NULL,
    trailing_silence_s REAL NOT NULL,
    intro_end_s REAL,
    intro_confidence REAL NOT NULL,
    outro_start_s REAL,
    outro_confidence REAL NOT NULL
);
"""

_LISTENING = """
CREATE TABLE ends (
    track_id TEXT NOT NULL REFERENCES tracks (id) ON DELETE CASCADE,
    model TEXT NOT NULL,
    mel TEXT NOT NULL,
    head BLOB NOT NULL,
    tail BLOB NOT NULL,
    PRIMARY KEY (track_id, model, mel)
);

CREATE TABLE events (
    id INTEGER PRIMARY KEY,
    at_s REAL NOT NULL,
    kind TEXT NOT NULL,
    track_id TEXT NOT NULL,
    before_id TEXT,
    heard_share REAL,
    origin TEXT NOT NULL
);

CREATE TABLE bans (
    track_id TEXT PRIMARY KEY,
    at_s REAL NOT NULL
);

CREATE TABLE profiles (
    name TEXT PRIMARY KEY,
    body TEXT NOT NULL
);
"""

_KEPT = """
CREATE TABLE kept (kind TEXT, name TEXT, body TEXT NOT NULL, at_s REAL NOT NULL, PRIMARY KEY (kind, name));
"""
"""Short, and one for all, so that what names the tables stays within one page, which a repair reads best."""

TABLES = (
    """
CREATE TABLE meta (
    key TEXT PRIMARY KEY,
    value
) WITHOUT ROWID;

CREATE TABLE tracks (
    id TEXT PRIMARY KEY,
    title TEXT NOT NULL,
    artist TEXT NOT NULL,
    album TEXT NOT NULL,
    genre TEXT NOT NULL,
    year INTEGER,
    duration_s REAL NOT NULL,
    has_artwork INTEGER NOT NULL,
    added_at REAL NOT NULL,
    tag_words TEXT NOT NULL,
    all_words TEXT NOT NULL
);

CREATE TABLE paths (
    path BLOB PRIMARY KEY,
    track_id TEXT NOT NULL REFERENCES tracks (id) ON DELETE CASCADE,
    size INTEGER NOT NULL,
    mtime_ns INTEGER NOT NULL
);
CREATE INDEX paths_by_track ON paths (track_id);

CREATE TABLE slice_vectors (
    track_id TEXT NOT NULL REFERENCES tracks (id) ON DELETE CASCADE,
    model TEXT NOT NULL,
    mel TEXT NOT NULL,
    count INTEGER NOT NULL,
    vectors BLOB NOT NULL,
    PRIMARY KEY (track_id, model, mel)
);

CREATE TABLE track_vectors (
    track_id TEXT NOT NULL REFERENCES tracks (id) ON DELETE CASCADE,
    model TEXT NOT NULL,
    mel TEXT NOT NULL,
    vector BLOB NOT NULL,
    pooled INTEGER NOT NULL,
    PRIMARY KEY (track_id, model, mel)
);

CREATE TABLE scan_errors (
    path BLOB PRIMARY KEY,
    kind TEXT NOT NULL,
    message TEXT NOT NULL,
    remedy TEXT NOT NULL,
    size INTEGER NOT NULL,
    mtime_ns INTEGER NOT NULL,
    at REAL NOT NULL
);

INSERT INTO meta VALUES ('version', 0), ('content', 0);
"""
    + _HEARD_TAGS
    + _RHYTHMS
    + _LISTENING
    + _KEPT
)

MIGRATIONS = {1: _HEARD_TAGS, 2: _RHYTHMS, 3: _LISTENING, 4: _KEPT}
"""What turns a library of a version into one of the next."""
