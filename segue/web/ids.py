"""Every id of the page, once. Scripts in ``assets/js`` use the same words; a test holds the two together."""

from __future__ import annotations

PROVIDER = "provider"
PAGE = "page"
LOCATION = "location"
HOME = "home"
ROOM = "room"
ROOM_MENU = "room-menu"

# What the browser keeps and sends
BOOTH = "booth"
COMMAND = "command"
FAULT = "fault"
LIBRARY_VERSION = "library-version"
PULSE = "pulse"
PULSE_SEEN = "pulse-seen"
BOOTED = "booted"

# The library
MUSIC = "music"
SEARCH = "search"
RESULTS = "results"
MORE = "more"
STATUS = "status"
CANCEL_SCAN = "cancel-scan"
WATCH = "watch"
WATCH_LINE = "watch-line"
WELCOME = "welcome"

# The queue
QUEUE = "queue"
NOW = "now"
QUEUE_LIST = "queue-list"
LOOKBACK = "lookback"
NOISE = "noise"
LOOKBACK_VALUE = "lookback-value"
NOISE_VALUE = "noise-value"

# The map
MAP = "map"

# The journey
JOURNEY = "journey"
JOURNEY_SEARCH = "journey-search"
JOURNEY_VIA = "journey-via"
JOURNEY_WAY = "journey-way"
JOURNEY_BUSY = "journey-busy"
JOURNEY_ASKED = "journey-asked"
JOURNEY_FOUND = "journey-found"

# The table
TABLE = "table"
TABLE_COUNT = "table-count"
TABLE_FILTERS = "table-filters"

# Tempo and key by hand
CORRECT = "correct"
CORRECT_ASKED = "correct-asked"
CORRECT_BODY = "correct-body"
CORRECT_SAYS = "correct-says"
CORRECT_TEMPO = "correct-tempo"
CORRECT_KEY = "correct-key"
CORRECT_CHANGE = "correct-change"
CORRECT_DONE = "correct-done"

# Tags in files
RETAG = "retag"
RETAG_ASKED = "retag-asked"
RETAG_FIELDS = "retag-fields"
RETAG_KEY_AS = "retag-key-as"
RETAG_PREVIEW = "retag-preview"
RETAG_WRITE = "retag-write"
RETAG_SAYS = "retag-says"
RETAG_STATE = "retag-state"
RETAG_BACKUPS = "retag-backups"
RETAG_PULSE = "retag-pulse"
RETAG_SEEN = "retag-seen"
RETAG_ENDED = "retag-ended"

# Mixes
MIX_TRACKS = "mix-tracks"
MIX_TEXT = "mix-text"
MIX_ORDER = "mix-order"
MIX_SAYS = "mix-says"
MIX_ORDERED = "mix-ordered"
MIX_PULSE = "mix-pulse"
MIXES = "mixes"
MIXES_SEEN = "mixes-seen"

# What is saved
SAVED = "saved"
SAVED_TURN = "saved-turn"
NAMING = "naming"
NAME_SONGS = "name-songs"
NAME_FIELD = "name-field"

# An MPD
MPD = "mpd"
MPD_HOST = "mpd-host"
MPD_PORT = "mpd-port"
MPD_PASSWORD = "mpd-password"  # noqa: S105 - the id of a field
MPD_FORGET = "mpd-forget"
MPD_WAY = "mpd-way"
MPD_SEND = "mpd-send"
MPD_SAYS = "mpd-says"

# Settings
SETTINGS_FOLDERS = "settings-folders"
SETTINGS_SAYS = "settings-says"
SETTINGS_PULSE = "settings-pulse"
SETTINGS_SEEN = "settings-seen"
THEME_CHOICE = "theme-choice"
LANGUAGE = "language"
RULES_KEEP = "rules-keep"
RULES_RESET = "rules-reset"
RULES_UNDO = "rules-undo"
RULES_SAYS = "rules-says"
RULES_BEFORE = "rules-before"
RULES_NEVER = "rules-never"

# Quality
QUALITY_MEASURE = "quality-measure"
QUALITY_STOP = "quality-stop"
QUALITY_STATE = "quality-state"
QUALITY_FIGURES = "quality-figures"
QUALITY_TASTE = "quality-taste"
QUALITY_FAILURES = "quality-failures"
QUALITY_PULSE = "quality-pulse"
QUALITY_SEEN = "quality-seen"

# Dialogs
NOTIFICATIONS = "notifications"
HELP = "help"
SHORTCUTS = "shortcuts"
FAILURES = "failures"
FAILURES_LIST = "failures-list"
FAILURES_RETRY = "failures-retry"
FAILURES_SAYS = "failures-says"

# The dialog in which a folder is chosen
ADD_MUSIC = "add-music"
FOLDER_ASKED = "folder-asked"
FOLDER_HERE = "folder-here"
FOLDER_VIEW = "folder-view"
FOLDER_PATH = "folder-path"
FOLDER_OPEN = "folder-open"
FOLDER_SCAN = "folder-scan"
FOLDER_SAYS = "folder-says"
DEMO = "demo"

# The booths that are open to each other
PARTY = "party"
PARTY_NAME = "party-name"
PARTY_OPEN = "party-open"
PARTY_TAKES = "party-takes"
PARTY_OWN = "party-own"
PARTY_LIST = "party-list"
PARTY_PULSE = "party-pulse"
PARTY_SEEN = "party-seen"

TASTE = "taste"
TASTE_SWITCH = "taste-switch"
TASTE_BODY = "taste-body"

# The player
PLAYER = "player"


def table_filter(name: str) -> dict[str, str]:
    """A filter of the table."""
    return {"part": "table-filter", "name": name}


def retag_act(act: str, name: str) -> dict[str, str]:
    """Does something with a writing of tags: "stop" the one that is on its way, or put the one of that name "back"."""
    return {"part": "retag-act", "act": act, "name": name}


def mix_field(name: str) -> dict[str, str]:
    """A field of the form for a mix."""
    return {"part": "mix-field", "name": name}


def mix_end(mix_id: str) -> dict[str, str]:
    """Calls off a mix, or deletes it."""
    return {"part": "mix-end", "mix": mix_id}


def folder_act(act: str, folder: str) -> dict[str, str]:
    """Does something with a music folder: "scan" or "remove"; ``folder`` is a mark of its path."""
    return {"part": "folder-act", "act": act, "folder": folder}


def rule_field(name: str) -> dict[str, str]:
    """A field of the form of the house's rules."""
    return {"part": "rule-field", "name": name}
