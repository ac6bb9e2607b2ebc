"""Folders are watched, and what changes in them is named once it has come to rest.

The system tells of changes where it can; what it cannot tell of (network drives, a system that watches no more
folders) is looked over every so often, and all of it is looked through now and then, whatever was told.
"""

from __future__ import annotations

import logging
import math
import os
import re
import threading
import time
from collections.abc import Callable, Generator, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from segue.config import WATCH, WatchSpec
from segue.errors import FileAccessError
from segue.files import NOT_AUDIO, is_folder, is_gone, real_path, walk_audio
from segue.store.settling import Changes, Settling
from segue.values import FileStat
from segue.words import later

_log = logging.getLogger(__name__)

_TURN_S = 1.0  # how often it is looked whether folders came or went, and whether something has settled
_GROUP_MS = 200  # changes that follow one another faster are told together...
_GROUP_MOST_MS = 1000  # ...for no longer than this
_MOUNTS = Path("/proc/self/mounts")
_ESCAPED = re.compile(r"\\([0-7]{3})")  # a space in a path is \040 there
_TELL_NOTHING = frozenset(
    "nfs nfs4 cifs smb3 smbfs 9p afs ceph davfs fuse.sshfs fuse.rclone fuse.glusterfs fuse.davfs2 vboxsf prl_fs".split()  # noqa: SIM905 - as in files.py
)
"""File systems on which others write, of which this system then says nothing."""

_NO_MORE = later("the system watches no more (fs.inotify.max_user_watches)")
_LOCKED = later("a folder in it may not be read")
_REMEDIES = {
    _NO_MORE: "Raise its limits: sudo sysctl fs.inotify.max_user_watches=1048576 fs.inotify.max_user_instances=1024",
    _LOCKED: "Give your user the right to read it, or take it out",
}

Notices = Generator[set[Path], None, None]


@dataclass(frozen=True, slots=True)
class WatchState:
    """Which folders are watched, which of them looked over every so often, which are not there, and why."""

    watched: tuple[Path, ...] = ()
    polled: tuple[Path, ...] = ()
    away: tuple[Path, ...] = ()
    note: str = ""


@dataclass(slots=True)
class _Guard:
    """The folders as they are watched now, what is mounted in them, and what tells of their changes."""

    present: dict[Path, tuple[int, int]] = field(default_factory=dict)
    mounts: dict[Path, str] = field(default_factory=dict)
    polled: frozenset[Path] = frozenset()
    notices: list[Notices] = field(default_factory=list)
    retired: list[Notices] = field(default_factory=list)


class Watch:
    """Watches the folders that ``roots`` names, whichever those are at the time; Segue's own folder is passed over."""

    def __init__(
        self,
        roots: Callable[[], Sequence[Path]],
        *,
        own: Path,
        spec: WatchSpec = WATCH,
        on_state: Callable[[WatchState], None] | None = None,
    ) -> None:
        self.state = WatchState()
        self._on_state = on_state
        self._roots = roots
        self._own = real_path(own)
        self._spec = spec
        self._guard = _Guard()
        self._settling = Settling(spec)
        self._due: set[Path] = set()  # folders to be looked through as a whole
        self._looked_s = -math.inf
        self._limit = ""

    def run(self, rescan: Callable[[Changes], bool], *, stop: threading.Event) -> None:
        """Name what changed to ``rescan`` until ``stop`` is set; it returns False to be asked again a little later.

        It begins by naming every folder as a whole, since nobody knows what happened before.
        """
        try:
            while not stop.is_set():
                self._look_around(stop)
                for path in self._told(stop):
                    if self._concerns(path):
                        self._settling.note(path, now_s=time.monotonic())
                self._tell(rescan, stop)
        finally:
            _close(self._guard.notices + self._guard.retired)
            self.state = WatchState()

    # Folders that come and go ----------------------------------------------------------------------------------------

    def _look_around(self, stop: threading.Event) -> None:
        """Listen anew where a folder has come or gone, or a drive in one; what is gone is not asked about."""
        roots, now_s, before = self._roots(), time.monotonic(), self._guard.present
        present = {root: identity for root in roots if (identity := _identity(root)) is not None}
        mounts = _mounts_in(present)
        for root in before:
            if present.get(root) != before[root]:
                self._settling.drop_below(root)
                self._due.discard(root)
        if now_s - self._looked_s >= self._spec.look_s or mounts != self._guard.mounts:
            before, self._looked_s = {}, now_s
        new = {root for root in present if present[root] != before.get(root)}
        if new or len(present) != len(before):
            self._due |= new
            self._listen_anew(present, mounts, stop)
        polled = self._guard.polled
        self._say(
            WatchState(
                watched=tuple(root for root in roots if root in present and root not in polled),
                polled=tuple(root for root in roots if root in polled),
                away=tuple(root for root in roots if root not in present or _is_bare(root)),
                note=self._limit,
            )
        )

    def _say(self, state: WatchState) -> None:
        before, self.state = self.state, state
        if self._on_state is not None and state != before:
            self._on_state(state)

    def _listen_anew(
        self,
        present: dict[Path, tuple[int, int]],
        mounts: dict[Path, str],
        stop: threading.Event,
        *,
        poll: bool = False,
    ) -> None:
        """Make what tells of changes; what did so until now is asked once more, so that nothing is missed."""
        polled = frozenset(root for root in present if poll or _tells_nothing(root))
        told = [root for root in present if root not in polled]
        notices = [self._notices(told, stop, poll=False)] if told else []
        notices += [self._notices(sorted(polled), stop, poll=True)] if polled else []
        self._limit = self._limit if poll else ""
        retired = self._guard.retired + self._guard.notices
        self._guard = _Guard(dict(present), mounts, polled, notices, retired)

    def _notices(self, folders: Sequence[Path], stop: threading.Event, *, poll: bool) -> Notices:
        """The places in folders at which something happened, in sets; empty ones when nothing does for a while."""
        return _looked_over(folders, self._own, self._spec.poll_s, stop) if poll else _told_by_system(folders, stop)

    # What is told, and what comes of it ------------------------------------------------------------------------------

    def _told(self, stop: threading.Event) -> list[Path]:
        """The places at which something happened, after a turn's wait."""
        guard = self._guard
        if not guard.notices:
            stop.wait(_TURN_S)
        changed: set[Path] = set()
        try:
            for notices in guard.notices + guard.retired:
                changed |= next(notices, set())
        except (OSError, RuntimeError) as error:  # watchfiles' own error is a RuntimeError
            self._cannot_listen(error, stop)
        _close(guard.retired)
        guard.retired = []
        return sorted(changed)

    def _cannot_listen(self, error: Exception, stop: threading.Event) -> None:
        """Listen again without what listened before, which takes its share of the limit; else look over by turns."""
        guard = self._guard
        _close(guard.retired + guard.notices)
        retry, guard.notices, guard.retired = bool(guard.retired), [], []
        if not retry:
            self._limit = _LOCKED if isinstance(error, PermissionError) else _NO_MORE
            _log.warning(
                "the folders are looked over every %.0f s instead of being watched, since %s. %s (%s)",
                self._spec.poll_s,
                self._limit,
                _REMEDIES[self._limit],
                error,
            )
        self._listen_anew(guard.present, guard.mounts, stop, poll=not retry)

    def _concerns(self, path: Path) -> bool:
        """Whether a change there can matter to the library; folders as such do not change, only what is in them."""
        root = next((root for root in self._guard.present if path != root and path.is_relative_to(root)), None)
        if root is None or any(part.startswith(".") for part in path.relative_to(root).parts):
            return False
        if path.is_relative_to(self._own) and not root.is_relative_to(self._own):
            return False
        return path.suffix.lower() not in NOT_AUDIO or is_folder(path)

    def _tell(self, rescan: Callable[[Changes], bool], stop: threading.Event) -> None:
        """Name what has settled, or whole folders where that is too much, and forget it once it was taken."""
        if len(self._settling) > self._spec.most_places:
            self._due.update(self._guard.present)
            self._settling = Settling(self._spec)
        settled = self._settling.settled(now_s=time.monotonic())
        folders = tuple(sorted(root for root in self._due if not _is_bare(root)))
        places = tuple(path for path in settled if not any(path.is_relative_to(root) for root in folders))
        changes = Changes(tuple(path for path in places if not self._is_doubtful(path)), folders)
        if stop.is_set() or (changes and not rescan(changes)):
            return
        self._settling.drop(settled)
        self._due.clear()
        if any(map(is_folder, settled)):  # a new folder, or a link to one, may not be listened to yet
            self._listen_anew(self._guard.present, self._guard.mounts, stop, poll=bool(self._limit))

    def _is_doubtful(self, path: Path) -> bool:
        """Whether a file seems gone that nobody saw go, from a folder that is empty now: a drive may be unplugged."""
        if not is_gone(path) or not any(path.is_relative_to(root) for root in self._guard.polled):
            return False
        return _is_bare(next(folder for folder in path.parents if not is_gone(folder)))


def _told_by_system(folders: Sequence[Path], stop: threading.Event) -> Notices:
    """What the system tells; raises OSError, or RuntimeError, where it will not."""
    from watchfiles import watch  # 45 ms to import, and most commands watch nothing

    for changes in watch(
        *folders,
        watch_filter=None,
        debounce=_GROUP_MOST_MS,
        step=_GROUP_MS,
        stop_event=stop,
        rust_timeout=round(_TURN_S * 1000),
        yield_on_timeout=True,
        force_polling=False,  # one locked folder ends the library's own polling
    ):
        yield {Path(place) for _, place in changes}


def _looked_over(folders: Sequence[Path], own: Path, every_s: float, stop: threading.Event) -> Notices:
    """What is found different from one look to the next; where a look was hindered, nothing is taken for gone."""
    before: dict[Path, FileStat] | None = None
    while not stop.is_set():
        now, hindered = _all_files(folders, own)
        now = {**before, **now} if before is not None and hindered else now
        yield set() if before is None else {path for path in before.keys() | now if before.get(path) != now.get(path)}
        before, next_s = now, time.monotonic() + every_s
        while time.monotonic() < next_s and not stop.wait(_TURN_S):
            yield set()


def _all_files(folders: Sequence[Path], own: Path) -> tuple[dict[Path, FileStat], bool]:
    """Every file in the folders that may hold audio, and whether some could not be seen."""
    found: dict[Path, FileStat] = {}
    hindered = False

    def note(_: FileAccessError) -> None:
        nonlocal hindered
        hindered = True

    for folder in folders:
        try:
            leave_out = [] if folder.is_relative_to(own) else [own]
            for path in walk_audio(folder, on_error=note, leave_out=leave_out):
                status = path.stat()
                found[path] = FileStat(status.st_size, status.st_mtime_ns)
        except (FileAccessError, OSError):
            hindered = True
    return found, hindered


def _identity(folder: Path) -> tuple[int, int] | None:
    """What tells a folder from another one in its place, as under a drive's mount point; None where there is none."""
    try:
        status = folder.stat()
        return (status.st_dev, status.st_ino) if folder.is_dir() else None
    except OSError:
        return None


def _is_bare(folder: Path) -> bool:
    """Whether nothing is in a folder, as in a mount point without its drive."""
    try:
        with os.scandir(folder) as entries:
            return next(entries, None) is None
    except OSError:
        return True


def _mounted() -> dict[Path, str]:
    """The kind of file system at each mount point; nothing where the system does not say so in a file."""
    try:
        lines = _MOUNTS.read_text("utf-8", "surrogateescape").splitlines()
    except OSError:
        return {}
    parts = [line.split(" ") for line in lines]
    return {Path(_ESCAPED.sub(lambda code: chr(int(code[1], 8)), place)): kind for _, place, kind, *_ in parts}


def _mounts_in(roots: Iterable[Path]) -> dict[Path, str]:
    """The drives that are mounted somewhere in the folders."""
    return {place: kind for place, kind in _mounted().items() if any(place.is_relative_to(root) for root in roots)}


def _tells_nothing(folder: Path) -> bool:
    """Whether a folder lies on a file system that others write to unseen."""
    kinds = _mounted()
    kind = next((kinds[place] for place in (folder, *folder.parents) if place in kinds), "")
    return kind in _TELL_NOTHING


def _close(notices: Iterable[Notices]) -> None:
    for one in notices:
        one.close()
