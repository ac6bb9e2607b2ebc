"""Segue: an automatic DJ for the music people own."""

import os

__version__ = "0.1.0"

# Nothing leaves the listener's machine: since 1.29, ONNX Runtime reports to its maker unless told so before its import.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"
