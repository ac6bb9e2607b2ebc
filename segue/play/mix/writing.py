"""An encoder on a thread of its own: it works while the next second of the mix is being made."""

from __future__ import annotations

import queue
import threading
from types import TracebackType
from typing import Self

from segue.play.mix.encoding import Writer
from segue.play.mix.pcm import Samples16

_AHEAD = 8  # seconds that may wait for the encoder


class EncoderThread:
    """Hands blocks to a writer in order; what goes wrong there is raised here, at the next block or at the end."""

    def __init__(self, writer: Writer) -> None:
        self._writer = writer
        self._blocks: queue.Queue[Samples16 | None] = queue.Queue(_AHEAD)
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._work, name="mix-encoder", daemon=True)

    def put(self, block: Samples16) -> None:
        """Hand over the next samples ``(n, 2)``."""
        if self._error is not None:
            raise self._error
        self._blocks.put(block)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._blocks.put(None)
        self._thread.join()
        if kind is not None:
            self._writer.abandon()
            return
        try:
            if self._error is not None:
                raise self._error
            self._writer.finish()
        except BaseException:
            self._writer.abandon()
            raise

    def _work(self) -> None:
        """Encode until there is no more; after a failure only empty the queue, so that nobody waits in vain."""
        while (block := self._blocks.get()) is not None:
            if self._error is None:
                try:
                    self._writer.write(block)
                except BaseException as error:  # noqa: BLE001 - raised again where the rendering is
                    self._error = error
