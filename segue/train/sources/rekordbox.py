"""Rekordbox's XML: a collection of tracks, and playlists in nested folders."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from xml.parsers import expat

from segue.errors import PlaylistError
from segue.play.locations import location_to_path
from segue.play.xspf import seconds
from segue.train.sources.opening import SourceFile, Tell
from segue.train.sources.playlist import SourcePlaylist, SourceTrack

_FOLDER, _BY_LOCATION = "0", "1"  # a node's Type, a node's KeyType
_BLOCK_BYTES = 1 << 20


def iter_rekordbox(source: SourceFile, tell: Tell) -> Iterator[SourcePlaylist]:
    """Yield the playlists of a Rekordbox collection; a playlist's name holds its folders'.

    Raises
    ------
    PlaylistError
        If its XML is damaged, declares a document type, or is no Rekordbox collection.
    """
    reader = _Reader(source)
    parser = expat.ParserCreate()
    parser.StartDoctypeDeclHandler = reader.refuse_doctype
    parser.StartElementHandler = reader.start
    parser.EndElementHandler = reader.end
    try:
        with source.open() as file:
            while block := file.read(_BLOCK_BYTES):
                parser.Parse(block, False)
            parser.Parse(b"", True)
    except (expat.ExpatError, ValueError) as error:
        raise PlaylistError(f"its XML is damaged or unsafe ({error})", remedy="Export the collection anew") from error
    for node in reader.playlists:
        tracks = [reader.track(key, by_location=node.by_location) for key in node.keys]
        for _ in range(tracks.count(None)):
            tell("entries of tracks that are not in the collection", "Export the whole collection")
        found = tuple(track for track in tracks if track is not None)
        yield SourcePlaylist(f"{source.id}/{node.name}", node.name, found)


@dataclass(slots=True)
class _Node:
    name: str
    is_folder: bool
    by_location: bool
    keys: list[str] = field(default_factory=list)


class _Reader:
    """What the XML parser tells of the collection and its playlists."""

    def __init__(self, source: SourceFile) -> None:
        self.playlists: list[_Node] = []
        self._source = source
        self._by_id: dict[str, SourceTrack] = {}
        self._by_location: dict[str, SourceTrack] = {}
        self._open: list[str] = []
        self._nodes: list[_Node] = []

    def refuse_doctype(self, *_: object) -> None:
        """Entities could grow without bound or name other files."""
        raise ValueError("it declares a document type, which Rekordbox does not")

    def track(self, key: str, *, by_location: bool) -> SourceTrack | None:
        """The track that a playlist's entry means."""
        return (self._by_location if by_location else self._by_id).get(key)

    def start(self, tag: str, said: dict[str, str]) -> None:
        """Enter an element."""
        self._open.append(tag)
        if tag == "TRACK" and self._open[:2] == ["DJ_PLAYLISTS", "COLLECTION"]:
            self._collect(said)
        elif tag == "TRACK" and self._nodes and not self._nodes[-1].is_folder:
            self._nodes[-1].keys.append(said.get("Key", ""))
        elif tag == "NODE":
            above = self._nodes[-1].name if self._nodes else ""
            name = f"{above}/{said.get('Name', '')}".lstrip("/") if self._nodes else ""  # the outermost is ROOT
            node = _Node(name, said.get("Type") == _FOLDER, said.get("KeyType") == _BY_LOCATION)
            self._nodes.append(node)
            if not node.is_folder:
                self.playlists.append(node)

    def end(self, tag: str) -> None:
        """Leave an element."""
        self._open.pop()
        if tag == "NODE":
            self._nodes.pop()

    def _collect(self, said: dict[str, str]) -> None:
        location = said.get("Location", "")
        track = SourceTrack(
            artist=said.get("Artist", "").strip(),
            title=said.get("Name", "").strip(),
            album=said.get("Album", "").strip(),
            path=location_to_path(location, self._source.folder, is_uri=True) if location else None,
            duration_s=seconds(said.get("TotalTime")) or None,
        )
        self._by_id[said.get("TrackID", "")] = track
        self._by_location[location] = track
