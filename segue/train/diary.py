"""The curves of a training for TensorBoard, where TensorFlow is there to write them."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

log = logging.getLogger(__name__)


class Diary:
    """Writes numbers under their names, epoch by epoch; ``tensorboard --logdir`` draws them."""

    def __init__(self, folder: Path) -> None:
        """Write into ``folder``; a training that goes on adds to what is there."""
        self._writer: Any = None
        try:
            import tensorflow as tf
        except ImportError:
            log.info("no curves are kept for TensorBoard: TensorFlow is not installed")
            return
        self._tf = tf
        self._writer = tf.summary.create_file_writer(str(folder))

    def write(self, step: int, values: Mapping[str, float]) -> None:
        """Enter what was measured after ``step`` epochs."""
        if self._writer is None:
            return
        proto = self._tf.compat.v1.SummaryMetadata
        scalar = proto(plugin_data=proto.PluginData(plugin_name="scalars"))  # tf.summary.scalar wants TensorBoard here
        with self._writer.as_default():
            for name, value in values.items():
                self._tf.summary.write(name.replace(" ", "_"), self._tf.constant(value), step=step, metadata=scalar)
        self._writer.flush()
