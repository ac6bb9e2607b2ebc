"""Every number of the sound, the pooling, the scan and the choice; nothing of the kind stands anywhere else."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, field, fields
from typing import Any, Literal


def _number(default: Any, doc: str) -> Any:
    """A field with the one sentence that the command line's help and docs/configuration.md show."""
    return field(default=default, metadata={"doc": doc})


@dataclass(frozen=True, slots=True)
class MelSpec:
    """An ear's front end: how samples become slices."""

    sample_rate_hz: int = _number(22_050, "samples a second, mono")
    n_fft_samples: int = _number(2048, "length of the Fourier window (Hann, centred, zero-padded)")
    hop_samples: int = _number(512, "samples from one frame to the next")
    mel_bands: int = _number(96, "mel bands (Slaney), from 0 Hz to half the sample rate")
    slice_frames: int = _number(216, "frames in a slice: 5.0155 s")
    scale: Literal["db", "log10", "waveform"] = _number(
        "db",
        "db: decibels below the slice's own maximum, then [0, 1]; log10: log10(1 + 10000 mel); "
        "waveform: the samples themselves",
    )
    floor_db: float = _number(80.0, "how far below the slice's maximum counts as nothing (db only)")

    @property
    def slice_samples(self) -> int:
        """Fewest samples that give one whole slice: the first frame is centred on sample 0."""
        return (self.slice_frames - 1) * self.hop_samples

    @property
    def slice_s(self) -> float:
        """Length of a slice in seconds."""
        return self.slice_frames * self.hop_samples / self.sample_rate_hz

    @property
    def fingerprint(self) -> str:
        """Eight hexadecimal digits that change with any number of the front end."""
        return hashlib.sha256(json.dumps(asdict(self), sort_keys=True).encode()).hexdigest()[:8]


SPECCY_MEL = MelSpec()
MUSICNN_MEL = MelSpec(sample_rate_hz=16_000, n_fft_samples=512, hop_samples=256, slice_frames=313, scale="log10")
# For a network that hears samples: one band, and a frame is a sample. A slice is as long as Speccy's.
WAVEFORM = MelSpec(n_fft_samples=1, hop_samples=1, mel_bands=1, slice_frames=110_592, scale="waveform")


@dataclass(frozen=True, slots=True)
class AudioSpec:
    """What may be listened to."""

    longest_s: float = _number(12 * 3600.0, "longer files are refused as endless")
    most_bad_share: float = _number(0.5, "a file in which more of the packets than this are damaged is refused")
    block_s: float = _number(30.0, "seconds decoded at a time, so that memory does not grow with the file")


@dataclass(frozen=True, slots=True)
class ScanSpec:
    """How a folder is scanned."""

    workers: int = _number(0, "worker processes; 0 means one a core")
    encode_batch_slices: int = _number(8, "slices the network hears at once")
    most_slices: int = _number(
        16, "slices of a track that a costly ear (musicnn) hears, 8 at least, evenly spread; musicnn-all hears all"
    )
    quick_windows: int = _number(4, "places of a track at which a quick look listens")
    quick_look_from: int = _number(200, "new files from which on a quick look at all of them comes first")
    seconds_a_file: float = _number(60.0, "computing time a file may take before its worker is replaced...")
    seconds_a_megabyte: float = _number(5.0, "...plus this for each megabyte of it...")
    most_seconds_a_file: float = _number(3600.0, "...but no more than this, however large it is...")
    patience: float = _number(10.0, "...and so many times as long by the clock: a busy machine is not the file's fault")
    silent_s: float = _number(30.0, "a worker that gives no sign of life for so long is replaced")
    tries_a_file: int = _number(
        4, "workers that may be killed or stopped over a file, which is seldom its fault, before it counts as bad"
    )
    worker_memory_mb: int = _number(
        700, "memory that a file may take in a worker, beside what the worker needs itself; 0 sets no limit (Linux)"
    )
    most_missing_share: float = _number(
        0.1, "another ear takes over a library only if it lacks no more of the tracks than this"
    )

    def limit_s(self, size_bytes: int) -> float:
        """The time that a file of this size may take."""
        return min(self.seconds_a_file + self.seconds_a_megabyte * size_bytes / 1e6, self.most_seconds_a_file)


@dataclass(frozen=True, slots=True)
class WatchSpec:
    """How folders are watched for changes."""

    settle_s: float = _number(
        3.0, "a file must stay as it is for so long before it is heard, which no copy in progress does"
    )
    longest_hold_s: float = _number(
        60.0, "what is gone waits no longer than this for files still being copied: it may have moved there"
    )
    poll_s: float = _number(30.0, "how often folders are looked over that do not tell of changes, as network drives")
    look_s: float = _number(6 * 3600.0, "how often all the folders are looked through, whatever they told")
    most_places: int = _number(5000, "more changes at once than this, and whole folders are looked through instead")


@dataclass(frozen=True, slots=True)
class ClusterSpec:
    """How a cluster's workers are used."""

    connect_s: float = _number(10.0, "a scheduler that does not answer, or has no workers, for so long is given up")
    files_ahead: int = _number(2, "files sent out for each thread of a worker, the one that it is at included")
    deserted_s: float = _number(120.0, "a scan whose workers have all gone waits so long for others")
    tries: int = _number(5, "how often a file is sent out anew that a worker cannot take up")
    idle_s: float = _number(300.0, "a worker lets go of the network when nothing was asked of it for so long")


@dataclass(frozen=True, slots=True)
class RhythmSpec:
    """What is said of a track's tempo, key and cue points, and how surely it must be known."""

    slowest_bpm: float = _number(40.0, "no tempo is looked for below...")
    fastest_bpm: float = _number(235.0, "...and none above")
    shortest_s: float = _number(5.0, "a shorter piece has no tempo and no key")
    least_tempo: float = _number(0.15, "confidence below which the tempo is unknown")
    least_key: float = _number(0.15, "confidence below which the key is unknown")
    least_cue: float = _number(0.2, "confidence below which a cue point is unknown")
    silence_db: float = _number(45.0, "what lies so far below the track's loudness is silence at its ends")
    loudest_silence_db: float = _number(-50.0, "peaks above this, of full scale, are never silence")


@dataclass(frozen=True, slots=True)
class ChoiceSpec:
    """How the next track is chosen."""

    lookback: int = _number(3, "'Keep on': how many of the last tracks the next one should go with (1 to 10)")
    noise: float = _number(0.0, "'Drunk': 0 plays the nearest, 1 turns the query by a right angle")
    repeat_after_tracks: int = _number(0, "a track may come again after so many others; 0 means never")
    artist_spacing: int = _number(1, "tracks between two by the same artist, where there is a choice")
    album_spacing: int = _number(0, "tracks between two from the same album, where there is a choice")
    spacing_margin: float = _number(
        0.2, "a track of another artist or album may follow less well by so much; beyond, closeness wins"
    )
    repeat_after_hours: float = _number(
        0.0, "a track that was played may come again after so many hours; 0 sets no limit"
    )
    same_recording_s: float = _number(10.0, "copies of a song may differ in length by so much")
    same_sound: float = _number(0.004, "tracks whose vectors are no farther apart than this (1 - cosine)...")
    same_sound_s: float = _number(0.5, "...and whose lengths differ by no more than this sound the same")
    shortest_s: float = _number(30.0, "shorter tracks are not chosen")
    longest_s: float = _number(720.0, "longer tracks are not chosen")
    like_weight: float = _number(
        0.5, "what liked songs add to the query and disliked ones take, against 1 for the last songs"
    )
    anchor: float = _number(0.0, "0 follows the last songs, 1 stays with those that it began with")
    adventure: float = _number(0.0, "0 plays what follows best, 1 draws from all that follow nearly as well")
    adventure_reach: int = _number(30, "how many there are to draw from at an adventure of 1...")
    adventure_margin: float = _number(0.2, "...and how much less well the last of them may follow than the best")
    seeds_told: int = _number(10, "of the songs that it began with, so many have their similarity to a pick told")
    reasons_kept: int = _number(5, "better-ranked tracks that a pick names with the reason why each was passed over")
    end_slices: int = _number(3, "slices at a track's either end that a segue into or out of it is judged by")
    join_weight: float = _number(
        0.2, "what the end of one track and the beginning of the next count, against 1 less it for the tracks as wholes"
    )
    tempo_weight: float = _number(0.03, "what a tempo that goes with the last one adds, and one that clashes takes")
    key_weight: float = _number(0.02, "what a key that goes with the last one adds, and one that clashes takes")
    same_tempo: float = _number(0.03, "tempi that differ by this share, octaves aside, still count as the same...")
    other_tempo: float = _number(0.08, "...and from this share on as clashing")
    join_reach: int = _number(300, "how many of the nearest tracks that the rules allow are compared by their joins")
    hub_weight: float = _number(
        0.0, "0 compares by cosine alone; above, tracks that are near to everybody have to be nearer (0.5 is CSLS)"
    )
    hub_neighbours: int = _number(10, "nearest tracks that tell how crowded it is around one")
    queue_ahead: int = _number(5, "tracks the booth keeps ready after the one that plays")


@dataclass(frozen=True, slots=True)
class TasteSpec:
    """How a listener's taste is learnt of what was heard and what was skipped."""

    early_skip_s: float = _number(30.0, "a song that is skipped before so many seconds...")
    early_skip_share: float = _number(0.25, "...or before this share of it was skipped early; later tells nothing")
    fewest_lessons: int = _number(30, "plays, skips and ratings that teach something, before anything is learnt")
    most_lessons: int = _number(10_000, "the newest so many are learnt from")
    held_out_share: float = _number(0.2, "the newest share of them, by which it is judged whether the taste helps")
    fewest_of_a_kind: int = _number(5, "wanted songs, and unwanted ones, that must be among those")
    confidence: float = _number(0.95, "confidence of the interval within which the gain lies")
    directions: int = _number(16, "directions of the library's widest spread in which a taste may differ from the ear")
    prior: float = _number(1.0, "how far tastes differ from the ear, in log odds; smaller holds them closer to it")
    most_pull: float = _number(0.5, "the taste spreads over the library at most so many times as widely as the cosines")
    relearn_after: int = _number(10, "events after which the taste is learnt anew")


@dataclass(frozen=True, slots=True)
class JourneySpec:
    """How journeys are laid, and lists reordered and expanded."""

    between: int = _number(4, "tracks between two waypoints")
    longest_stops: int = _number(500, "tracks in a journey, waypoints included")
    spare_candidates: int = _number(16, "tracks that each stop may choose among, beyond two for each stop of the way")
    reach: int = _number(4, "where rules refuse too many of the nearest tracks, so many times as many are looked at")
    spacing_tries: int = _number(200, "assignments that are tried to keep tracks by one artist apart at the least cost")
    arc_weight: float = _number(
        0.5, "cost of an energy that is wrong by all of the range, in cosine; half the range costs a quarter"
    )
    wave_stops: int = _number(16, "stops from one trough of an energy wave to the next, about")
    nearby_tracks: int = _number(1000, "tracks among which the least surprising way between two stops is looked for")
    unknown_length_s: float = _number(240.0, "taken for the length of a track where no track's length is known")
    minutes_tries: int = _number(6, "journeys that are laid to find the one of the wanted length")
    exact_tracks: int = _number(12, "lists of up to so many tracks are put in the very best order")
    reorder_starts: int = _number(4, "orders that the search for a long list's order begins with")
    reorder_kicks: int = _number(
        20, "times that a long list's order is disturbed and mended again; fewer beyond 120 tracks"
    )
    longest_reorder: int = _number(2000, "tracks in a list that can be reordered")
    expand_candidates: int = _number(200, "tracks that are tried in each gap of a list that is expanded")


@dataclass(frozen=True, slots=True)
class LiveSpec:
    """How what a microphone hears becomes a suggestion."""

    silence_dbfs: float = _number(-65.0, "quieter windows are silence")
    noise_dbfs: float = _number(-40.0, "steady noise below this is a quiet room, and silence too")
    noise_unrest_db: float = _number(0.7, "sound whose bands move less than this over five seconds is steady noise")
    speech_odds: float = _number(1.0, "natural logarithm of the odds from which on two windows in a row are speech")
    memory_s: float = _number(30.0, "how much of the music the rolling vector holds")
    now_windows: int = _number(3, "windows that count as what plays now, and are compared with beginnings of tracks")
    half_life_s: float = _number(15.0, "a window that is so much older counts half in the rolling vector")
    head_weight: float = _number(
        0.5, "what the likeness of now to a track's beginning counts, against that of the half minute to all of it"
    )
    reset_silence_s: float = _number(9.0, "so much silence, or noise, between two sounds begins a new song")
    reset_cosine: float = _number(0.4, "two windows in a row that are less like those before begin a new song")
    recognised_among: int = _number(60, "tracks nearest to the rolling vector whose slices are compared with it")
    key_weight: float = _number(0.2, "through a room, what a track's key adds to its fit, times how well it correlates")
    tempo_weight: float = _number(0.2, "and its tempo, times how strongly the sound repeats at that beat")
    recognise_from_s: float = _number(10.0, "so much music must be heard before a track is recognised...")
    recognise_from_s_in_room: float = _number(20.0, "...and so much music through a room")
    recognised_gap: float = _number(0.04, "a track is recognised that fits better than all others by so much...")
    recognised_fit: float = _number(0.9, "...and so well...")
    recognised_gap_in_room: float = _number(0.15, "...or, heard through a room, better than all others by so much")
    likely_in_room: int = _number(
        3, "tracks that fit best and are not suggested, as one may be playing, where a room leaves it open which"
    )
    steady_margin: float = _number(0.02, "a track takes another's place in the list if it is better by so much")
    heard_kept: int = _number(200, "recognised tracks that are remembered, and not suggested again")


@dataclass(frozen=True, slots=True)
class QueueSpec:
    """How much a queue holds and remembers."""

    longest_entries: int = _number(2000, "entries in a queue; the oldest that have played make room")
    undo_steps: int = _number(20, "changes of the queue that can be taken back")
    longest_why: int = _number(500, "characters of a pick's reason that the queue keeps")


@dataclass(frozen=True, slots=True)
class WebSpec:
    """Where the booth is served."""

    host: str = _number("127.0.0.1", "address to listen on")
    port: int = _number(8050, "port to listen on")
    transcoded_bytes: int = _number(2_000_000_000, "disk space for copies of tracks that browsers cannot play")
    largest_upload_bytes: int = _number(1_000_000_000, "largest file that may be dropped as a seed")
    largest_cover_pixels: int = _number(40_000_000, "covers of more pixels are not decoded; a drawn one is shown")
    most_microphones: int = _number(8, "browsers whose microphones are listened to at once")
    microphone_silent_s: float = _number(60.0, "a microphone that sends nothing for so long makes room for another")


@dataclass(frozen=True, slots=True)
class PlayerSpec:
    """How the booth plays; loudness, ceiling and what bounds a fade are those of the mix."""

    fade_s: float = _number(6.0, "two songs sound together for no longer than this, unless the listener says otherwise")
    most_fade_s: float = _number(12.0, "...who may choose 0 (no gap and no fade) to so many seconds")
    skip_s: float = _number(0.15, "a song that the listener leaves dies away within this")
    outline_columns: int = _number(600, "numbers that draw a song in the bar")
    longest_outline_s: float = _number(7200.0, "longer songs are not drawn")
    outline_wait_s: float = _number(5.0, "songs are drawn one at a time; one that waits for so long is asked for again")


@dataclass(frozen=True, slots=True)
class MapSpec:
    """How the library is drawn as a map."""

    perplexity: float = _number(30.0, "neighbours that each track is drawn to, about; fewer in a small library")
    laid_out: int = _number(20_000, "of a larger library so many tracks, by lot, are laid out; the others join them")
    place_by: int = _number(8, "neighbours by which a new track finds its place")
    outgrown_share: float = _number(0.5, "once so many are new, as a share of the known, all is laid out anew")
    most_regions: int = _number(9, "regions at most; so many colours can be told apart")
    region_tracks: int = _number(30, "songs that a region plays, from its middle outwards")


@dataclass(frozen=True, slots=True)
class PlaylistSpec:
    """Which playlists are learned from, and how large their files may be."""

    fewest_tracks: int = _number(2, "shorter playlists teach nothing and are left out")
    shortest_play_s: float = _number(30.0, "tracks that a history says were played for less were skipped: left out")
    most_length_difference_s: float = _number(
        30.0, "a file of the right name whose length differs by more is taken for another recording"
    )
    examples_shown: int = _number(20, "unmatched and ambiguous tracks that a report on matching names")
    largest_document_bytes: int = _number(1_000_000_000, "largest file that must be read at once (XML, most JSON)")
    longest_line_bytes: int = _number(64_000_000, "longest line of JSON Lines or CSV")


@dataclass(frozen=True, slots=True)
class SessionSpec:
    """How plays with their times become playlists."""

    gap_s: float = _number(1800.0, "a pause longer than this between two plays begins another session")


@dataclass(frozen=True, slots=True)
class EvaluationSpec:
    """How it is measured whether an ear tells labels apart."""

    neighbours: int = _number(5, "nearest tracks whose labels are compared (P@5)")
    hub_neighbours: int = _number(10, "nearest tracks among which hubs are looked for (N_10)")
    shared_neighbours: int = _number(10, "nearest tracks that two ears are compared by")
    playlists: int = _number(1000, "playlists that are made to see how much of a library comes up")
    playlist_tracks: int = _number(10, "songs of each, the one that it begins with aside")
    long_playlists: int = _number(20, "playlists that are made to see how far they drift...")
    long_tracks: int = _number(100, "...and songs of each of these, where the library has as many")
    journeys: int = _number(50, "journeys that are made between two tracks, to see whether they lead on...")
    journey_tracks: int = _number(8, "...and tracks on the way of each")
    resamples: int = _number(1000, "times the tracks are drawn anew for an interval")
    confidence: float = _number(0.95, "share of the drawings within the interval")


@dataclass(frozen=True, slots=True)
class FetchSpec:
    """How playlists are fetched from a server."""

    timeout_s: float = _number(30.0, "a server that says nothing for so long is asked again")
    tries: int = _number(8, "how often a request is made that fails for a passing reason")
    first_wait_s: float = _number(1.0, "wait before the second try where the server names none; doubled each time")
    longest_wait_s: float = _number(900.0, "a server that wants a longer pause than this ends the run")
    login_s: float = _number(300.0, "time to agree in the browser")
    login_port: int = _number(8765, "port on 127.0.0.1 at which the browser hands over the login")


@dataclass(frozen=True, slots=True)
class TaggingSpec:
    """How an ear's tags are fitted to its teacher's, and from when on they count."""

    most_windows: int = _number(25_000, "windows that the head is fitted to; more change nothing")
    ridge: float = _number(1e-5, "penalty on the weights, a window")
    says: float = _number(0.2, "probability from which on the teacher says a tag...")
    says_mood: float = _number(0.05, "...and the least for a mood, which listeners name more rarely...")
    mood_lift: float = _number(3.0, "...if it is so many times as probable as on average")
    least_share: float = _number(0.001, "a tag that the teacher says of a smaller share of the windows is left out")
    folds: int = _number(5, "parts of the windows, each judged by a head that was fitted to the others")
    precision: float = _number(0.7, "share of the windows with a confident tag of which the teacher says it too")
    least_recall: float = _number(0.05, "a tag of which the head finds a smaller share than this is left out")
    least_positives: int = _number(5, "held-out windows that must have a tag for its average precision to count")


@dataclass(frozen=True, slots=True)
class MixSpec:
    """How a mix sounds."""

    sample_rate_hz: int = _number(44_100, "samples a second, stereo, throughout the mix")
    target_lufs: float = _number(-14.0, "loudness to which each track is brought")
    ceiling_dbtp: float = _number(-1.0, "true peak that the finished file stays below")
    most_gain_db: float = _number(20.0, "a quiet track is made louder by no more than this...")
    most_limited_db: float = _number(10.0, "...and so that its peaks pass the ceiling by no more than this")
    shortest_track_s: float = _number(5.0, "what sounds for less is no track to be mixed")
    attack_s: float = _number(0.03, "where silence at an end is cut off, so much of it stays")
    shortest_fade_s: float = _number(2.0, "two tracks sound together for at least so long...")
    longest_fade_s: float = _number(12.0, "...and for no longer than this, unless beat lies on beat...")
    longest_beat_s: float = _number(40.0, "...and then for no longer than this")
    unknown_end_s: float = _number(5.0, "a close or an introduction that is not known counts as so long")
    most_share: float = _number(0.45, "neither join of a track takes more than this share of it")
    most_left_out_s: float = _number(30.0, "for the sake of a beat join no more than this is left out of a track's end")
    least_tempo: float = _number(0.4, "confidence of a tempo below which no beats are laid on each other")
    most_between: int = _number(100, "tracks that may come between two of a list")
    ease_s: float = _number(16.0, "a tempo that was bent by the most returns to its own in so long")
    longest_overlap_s: float = _number(90.0, "two tracks sound together for no longer than this")
    most_bend: float = _number(0.06, "in a beat join the tempo is bent by no more than this share")
    least_anchor_s: float = _number(0.2, "beats closer together than this do not bend a beat join")
    crossover_hz: float = _number(180.0, "in eq and beat joins, what lies below changes hands half-way")
    edge_s: float = _number(0.004, "where a part begins or ends at once, it fades within this, so that nothing clicks")
    segment_s: int = _number(60, "seconds of finished sound that a broken rendering need not render again")
    preview_s: float = _number(15.0, "seconds before and after each join that a preview plays")
    most_wanted: int = _number(500, "songs that a mix ordered in the booth may name")
    most_kept: int = _number(50, "mixes that the booth keeps")
    short_s: float = _number(0.1, "a file may end so much earlier than the plan says; beyond, it is another file")


RHYTHM_VERSION = 2
"""Goes up whenever the analyser of tempo, key, loudness or cues would answer otherwise."""


AUDIO = AudioSpec()
RHYTHM = RhythmSpec()
SCAN = ScanSpec()
CLUSTER = ClusterSpec()
WATCH = WatchSpec()
CHOICE = ChoiceSpec()
TASTE = TasteSpec()
JOURNEY = JourneySpec()
LIVE = LiveSpec()
QUEUE = QueueSpec()
WEB = WebSpec()
PLAYER = PlayerSpec()
MAP = MapSpec()
PLAYLISTS = PlaylistSpec()
SESSIONS = SessionSpec()
FETCH = FetchSpec()
EVALUATION = EvaluationSpec()
TAGGING = TaggingSpec()
MIX = MixSpec()

TABLES = (
    MelSpec,
    AudioSpec,
    ScanSpec,
    RhythmSpec,
    ClusterSpec,
    WatchSpec,
    ChoiceSpec,
    TasteSpec,
    JourneySpec,
    LiveSpec,
    QueueSpec,
    WebSpec,
    PlayerSpec,
    MapSpec,
    PlaylistSpec,
    SessionSpec,
    EvaluationSpec,
    TaggingSpec,
    FetchSpec,
    MixSpec,
)


def describe(spec: type, name: str) -> str:
    """The sentence that explains one number, for help texts and docs."""
    return str(next(f.metadata["doc"] for f in fields(spec) if f.name == name))
