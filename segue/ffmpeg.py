"""The one place that starts other programs."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from segue.errors import WorkerError

MODULE_FORMATS = ("libopenmpt", "libgme", "libmodplug")


def find_ffmpeg() -> Path | None:
    """Find the system's ffmpeg; Segue needs it only for what its own decoders lack (tracker modules)."""
    found = shutil.which("ffmpeg")
    return None if found is None else Path(found)


def protocol_args(formats: Sequence[str] = ()) -> list[str]:
    """Options before ``-i``: read nothing but the named file, and only as one of ``formats`` if any are given."""
    whitelist = ["-protocol_whitelist", "file,pipe"]
    return whitelist if not formats else [*whitelist, "-format_whitelist", ",".join(formats)]


def run(args: Sequence[str], *, timeout_s: float, stdin: bytes | None = None) -> bytes:
    """Run a program to its end and return what it wrote to its standard output.

    Raises
    ------
    WorkerError
        If it is not installed, fails, or takes longer than ``timeout_s``.
    """
    try:
        done = subprocess.run(
            args, input=stdin if stdin is not None else b"", capture_output=True, timeout=timeout_s, check=True
        )
    except FileNotFoundError as error:
        raise WorkerError(f"{args[0]} is not installed", remedy=f"Install {args[0]}") from error
    except subprocess.TimeoutExpired as error:
        raise WorkerError(
            f"{args[0]} took longer than {timeout_s:g} s", remedy="Try again, or leave the file out"
        ) from error
    except subprocess.CalledProcessError as error:
        said = error.stderr.decode("utf-8", "replace").strip().splitlines()[-1:] or ["it said nothing"]
        raise WorkerError(f"{args[0]} failed ({error.returncode}): {said[0]}", remedy="Check the file") from error
    return done.stdout


@contextmanager
def wav_stream(path: Path, *, formats: Sequence[str]) -> Iterator[IO[bytes]]:
    """Decode ``path`` with the system's ffmpeg to a float WAV that can be read as it comes."""
    args = ["ffmpeg", "-nostdin", "-v", "quiet", *protocol_args(formats), "-i", str(path.absolute())]
    args += ["-vn", "-map", "0:a:0", "-c:a", "pcm_f32le", "-f", "wav", "pipe:1"]
    with subprocess.Popen(args, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        try:
            assert process.stdout is not None
            yield process.stdout
        finally:
            process.kill()
