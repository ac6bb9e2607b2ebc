"""Decode a file from its beginning to its end; packet by packet only where it is damaged."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import cast

import av
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.filter import Graph

from segue.listen.decoding import (
    FORMATS,
    Tally,
    audio_stream,
    is_plausible,
    iter_joined,
    iter_sound,
    open_audio,
)

_TELL_LENGTH = frozenset({"flac", "mov,mp4,m4a,3gp,3g2,mj2", "mp3", "ogg", "wav"})
_SHORT_S = 0.5  # by which codecs begin late and end early, or tags at the end look like sound


def iter_frames(path: Path, tally: Tally) -> Iterator[AudioFrame]:
    """Decode a file to frames of any rate and layout, see `iter_whole`; raises as `segue.listen.audio.iter_samples`."""
    got_samples = 0
    with open_audio(path) as container:
        for frame in iter_whole(container, audio_stream(container, path), tally):
            got_samples += frame.samples
            yield frame
    tally.check(path, got_samples)


def iter_whole(container: InputContainer, stream: AudioStream, tally: Tally) -> Iterator[AudioFrame]:
    """Decode a stream of which nothing has been read yet to frames of about a second.

    FFmpeg's own loop does that as far as it goes, since a packet costs more in Python than in many a decoder. It ends
    at the first one that does not decode, or has another rate or other channels, and where it cannot read on. From
    there `iter_sound` passes over what is damaged, and tallies it; the samples are the same either way.
    """
    passed, told_s = 0, (container.duration or 0) / 1e6
    if told_s and _is_readable(container, stream):
        with suppress(av.error.FFmpegError, UnicodeEncodeError):  # the latter of a name that is no text
            for frame in _iter_filtered(container, stream):
                passed += frame.samples
                yield frame
            if passed / stream.codec_context.sample_rate > told_s - _SHORT_S:
                return
    yield from iter_joined(iter_sound(container, stream, tally), behind=passed)


def _is_readable(container: InputContainer, stream: AudioStream) -> bool:
    """Whether a stream lies in a file, no pipe, whose kind tells how long it is, and is not beyond belief."""
    is_file = container.file is None and container.format.name in _TELL_LENGTH
    return is_file and is_plausible(stream.codec_context)


def _iter_filtered(container: InputContainer, stream: AudioStream) -> Iterator[AudioFrame]:
    """What FFmpeg's filter that reads files makes of a stream. It says nothing of an end that is too early."""
    graph = Graph()
    source = graph.add(
        "amovie",
        filename=container.name,
        streams=str(stream.index),
        dec_threads="1",  # workers are the parallelism
        format_opts=f"protocol_whitelist=file:format_whitelist={FORMATS}",
    )
    sink = graph.add("abuffersink")
    graph.link_nodes(source, sink)
    graph.configure()
    graph.set_audio_frame_size(stream.codec_context.sample_rate // 1000 * 1000)  # of any usual rate, a hundred rows
    with suppress(av.error.EOFError):
        while True:
            yield cast("AudioFrame", sink.pull())
