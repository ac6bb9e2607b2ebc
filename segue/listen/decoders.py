"""Which kinds of sound this installation decodes."""

from __future__ import annotations

from av.codec import codecs_available

DECODERS = {
    "MP3": ("mp3", "mp3float"),
    "AAC": ("aac",),
    "ALAC": ("alac",),
    "FLAC": ("flac",),
    "Vorbis": ("vorbis", "libvorbis"),
    "Opus": ("opus", "libopus"),
    "WAV": ("pcm_s16le",),
    "WMA": ("wmav2",),
    "WavPack": ("wavpack",),
    "Monkey's Audio": ("ape",),
    "Musepack": ("mpc8", "mpc7"),
    "True Audio": ("tta",),
    "AC-3": ("ac3",),
    "DSD": ("dsd_lsbf",),
}
"""What people call a kind of sound, and the decoders of which one suffices."""


def missing_decoders() -> tuple[str, ...]:
    """The kinds that cannot be decoded here."""
    here = codecs_available
    return tuple(kind for kind, decoders in DECODERS.items() if not any(name in here for name in decoders))
