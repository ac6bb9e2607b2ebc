"""Segue: an automatic DJ for the music people own."""

__version__ = "0.1.0"
