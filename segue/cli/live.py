"""`segue live`: listen to what plays, and say what to play next."""

from __future__ import annotations

import argparse
import json
import stat
import sys
import time
from collections.abc import Generator
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

from segue.cli.answers import print_json
from segue.cli.choice_words import wish_words, wishes_of
from segue.cli.live_screen import Screen, moment_line
from segue.cli.words import at_least, between, ear_of, ear_words, path_named
from segue.config import LIVE, LiveSpec, describe
from segue.errors import ParameterError, TooShortError
from segue.files import access_error
from segue.listen.audio import iter_samples
from segue.listen.microphone import choose_device, input_devices, iter_microphone
from segue.listen.piped import PIPE, RawFormat, iter_audio, iter_raw
from segue.live import LiveSession, LiveSettings, Moment
from segue.services import Services
from segue.values import Floats

PURPOSE = "listen to what plays in the room, and say what to play next"
_PIECE_S = 0.25

Pieces = Generator[tuple[int, Floats]]


def words(parser: argparse.ArgumentParser) -> None:
    """Add the words of this command."""
    source = parser.add_argument_group("what to listen to; without any of these, the microphone")
    source.add_argument(
        "--input", type=path_named, metavar="FILE", help="any audio file; - is what comes through the pipe"
    )
    source.add_argument(
        "--raw", metavar="FORM", help="raw samples come through the pipe: s16, s32 or f32, as s16:44100:2"
    )
    source.add_argument("--real-time", action="store_true", help="hear a file as slowly as it plays")
    source.add_argument("--device", type=at_least(0), metavar="N", help="the microphone of this number")
    source.add_argument("--rate", type=at_least(4000), metavar="HZ", help="record at this rate (default: the device's)")
    source.add_argument("--list-devices", action="store_true", help="name the microphones, and do no more")
    parser.add_argument(
        "--count", type=between(int, 1, 100), default=5, help="how many to suggest (default: %(default)s)"
    )
    parser.add_argument(
        "--head-weight",
        type=between(float, 0, 1),
        default=LIVE.head_weight,
        metavar="0..1",
        help=f"{describe(LiveSpec, 'head_weight')} (default: %(default)s)",
    )
    parser.add_argument(
        "--room",
        action=argparse.BooleanOptionalAction,
        help="there is a loudspeaker and a room between the music and Segue (default: for the microphone alone)",
    )
    ear_words(parser)
    wish_words(parser)


def run(args: argparse.Namespace) -> int:
    """Run the command and return its exit code."""
    if args.list_devices:
        return _list_devices(as_json=args.json)
    _check(args)
    is_microphone = args.input is None
    in_room = is_microphone if args.room is None else args.room
    settings = LiveSettings(args.count, args.head_weight, wishes_of(args), in_room)
    services = Services(args.data, ear=ear_of(args), read_only=True)
    try:
        session = services.live.session(settings)
        with closing(_pieces(args, session)) as pieces:
            heard = _listen(session, pieces, as_json=args.json, meter=is_microphone or args.real_time)
        if not is_microphone:
            _check_length(heard, session, args.input)
    except KeyboardInterrupt:
        pass  # nothing is kept, and there is no other way to end it
    finally:
        services.close()
    return 0


def _check(args: argparse.Namespace) -> None:
    is_file = args.input is not None
    recorder = args.device is not None or args.rate is not None
    wrong = (
        ("--raw is said of what comes through a pipe", "Say --input - too", args.raw and args.input != PIPE),
        ("--real-time is said of a file", "Name it: --input FILE", args.real_time and not is_file),
        ("--device and --rate are said of a microphone", "Leave out --input", is_file and recorder),
    )
    for what, remedy, is_wrong in wrong:
        if is_wrong:
            raise ParameterError(what, remedy=remedy)


def _check_length(heard: _Heard, session: LiveSession, source: Path) -> None:
    """Raise TooShortError for what had no whole window."""
    if not heard.windows:
        what = f"it lasts {heard.seconds:.2f} s; {session.window_s:.2f} s are the least that can be heard"
        path = None if source == PIPE else source
        raise TooShortError(what, remedy="Let Segue hear something longer", path=path)


class _Heard(NamedTuple):
    seconds: float
    windows: int


def _listen(session: LiveSession, pieces: Pieces, *, as_json: bool, meter: bool) -> _Heard:
    """Hear it to its end, and show each window as it is heard."""
    seconds, windows = 0.0, 0
    screen = Screen() if sys.stdout.isatty() and not as_json else None
    try:
        for rate_hz, piece in pieces:
            if screen is not None and meter:
                screen.meter(piece)
            seconds += len(piece) / rate_hz
            windows += _show(session.push(piece, rate_hz), screen, as_json=as_json)
        windows += _show(session.end(), screen, as_json=as_json)
        return _Heard(seconds, windows)
    finally:
        if screen is not None:
            screen.close()


def _show(moments: list[Moment], screen: Screen | None, *, as_json: bool) -> int:
    """Show what came, and say how many windows that were."""
    for moment in moments:
        if screen is not None:
            screen.show(moment)
        else:
            line = json.dumps(moment.to_json(), ensure_ascii=False) if as_json else moment_line(moment)
            print(line, flush=True)
    return len(moments)


def _list_devices(*, as_json: bool) -> int:
    devices = input_devices()
    if as_json:
        rows = [
            {"number": d.number, "name": d.name, "channels": d.channels, "rate_hz": d.rate_hz, "default": d.is_default}
            for d in devices
        ]
        print_json(rows)
        return 0
    for device in devices:
        mark = "*" if device.is_default else " "
        print(f"{mark}{device.number:3}  {device.name}  ({device.channels} channels, {device.rate_hz} Hz)")
    if not devices:
        choose_device(devices, None)
    return 0


def _pieces(args: argparse.Namespace, session: LiveSession) -> Pieces:
    """The sound that was asked for, as it comes."""
    if args.input is None:
        return iter_microphone(choose_device(input_devices(), args.device), rate_hz=args.rate)
    if args.input == PIPE:
        if sys.stdin.isatty():
            raise ParameterError("nothing comes through a pipe", remedy="Say ffmpeg ... | segue live --input -")
        stream = sys.stdin.buffer
        pieces = iter_audio(stream) if args.raw is None else iter_raw(stream, RawFormat.of(args.raw))
    else:
        pieces = _of_file(args.input, session.rate_hz)
    return _paced(pieces) if args.real_time else pieces


def _of_file(path: Path, rate_hz: int) -> Pieces:
    try:
        is_pipe = stat.S_ISFIFO(path.stat().st_mode)
    except OSError as error:
        raise access_error(error, path) from error
    if is_pipe:
        with path.open("rb") as stream:
            yield from iter_audio(stream)
        return
    step = round(_PIECE_S * rate_hz)
    for block in iter_samples(path, sample_rate_hz=rate_hz):
        for at in range(0, len(block), step):
            yield rate_hz, block[at : at + step]


def _paced(pieces: Pieces) -> Pieces:
    """The same, no sooner than it would be heard."""
    started_s, heard_s = time.monotonic(), 0.0
    for rate_hz, piece in pieces:
        heard_s += len(piece) / rate_hz
        time.sleep(max(0.0, started_s + heard_s - time.monotonic()))
        yield rate_hz, piece
