"""MP3 by LAME, which lameenc brings along: PyAV's is the same encoder built without the processor's vector units.

lameenc gives bare frames. What a player needs to cut off the encoder's delay, and to seek, stands in a silent first
frame, the Xing or Info tag with LAME's extension; it is reserved here and written when all is known.
"""

from __future__ import annotations

import struct
from pathlib import Path

import lameenc

from segue.config import MIX
from segue.play.mix.pcm import Samples16

_BIT_RATES_KBPS = (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320)
_FRAME_SAMPLES = 1152
_DELAY_SAMPLES = 576  # of LAME; a decoder adds 529 of its own, which players know
_CBR_KBPS, _VBR_TAG_KBPS = 320, 128
_QUALITY = 5  # LAME's own default: of 2 (slow) to 7
_SIDE_BYTES = 32  # of a stereo frame, before its data
_TOC_ENTRIES = 100
_PLACE_EVERY = 64  # frames, 1.7 s
_LOWPASS_HZ = 20_000


class Mp3Writer:
    """Encodes 44.1 kHz stereo as MP3, 320 kb/s or LAME's V0."""

    def __init__(self, path: Path, *, head: bytes, vbr: bool) -> None:
        """Begin a file with ``head``, which is its ID3 tag."""
        self._vbr = vbr
        self._lame = lameenc.Encoder()
        self._lame.silence()
        self._lame.set_in_sample_rate(MIX.sample_rate_hz)
        self._lame.set_channels(2)
        self._lame.set_quality(_QUALITY)
        if vbr:
            self._lame.set_vbr(4)  # LAME's vbr_mtrh
            self._lame.set_vbr_quality(0.0)
        else:
            self._lame.set_bit_rate(_CBR_KBPS)
        self._samples = self._frames = self._bytes = 0
        self._places: list[int] = []  # where every 64th frame begins
        self._held = b""
        self._tag_at = len(head)
        self._file = path.open("wb")
        self._file.write(head + bytes(self._tag_bytes))

    def write(self, block: Samples16) -> None:
        """Encode the next samples ``(n, 2)``."""
        self._samples += len(block)
        self._keep(bytes(self._lame.encode(block.tobytes())))

    def finish(self) -> None:
        """Encode what is left, and say at the beginning how much there is."""
        self._keep(bytes(self._lame.flush()))
        self._file.seek(self._tag_at)
        self._file.write(self._tag())
        self._file.close()

    def abandon(self) -> None:
        """Let go of the file."""
        self._file.close()

    @property
    def _tag_kbps(self) -> int:
        return _VBR_TAG_KBPS if self._vbr else _CBR_KBPS

    @property
    def _tag_bytes(self) -> int:
        return _frame_bytes(_header(self._tag_kbps))

    def _keep(self, data: bytes) -> None:
        """Write encoded bytes, and note where each frame begins."""
        self._file.write(data)
        held = self._held + data
        at = 0
        while at + 4 <= len(held) and at + (size := _frame_bytes(held[at : at + 4])) <= len(held):
            if self._frames % _PLACE_EVERY == 0:
                self._places.append(self._bytes)
            self._frames += 1
            self._bytes += size
            at += size
        self._held = held[at:]

    def _tag(self) -> bytes:
        """The first frame: how many frames and bytes follow, where each hundredth is, and what to cut off."""
        header = _header(self._tag_kbps)
        total = min(self._tag_bytes + self._bytes, 0xFFFF_FFFF)
        marks = [self._places[len(self._places) * k // _TOC_ENTRIES] for k in range(_TOC_ENTRIES)]
        toc = bytes(min(255, 256 * (self._tag_bytes + mark) // total) for mark in marks)
        name = b"Xing" if self._vbr else b"Info"
        padding = self._frames * _FRAME_SAMPLES - _DELAY_SAMPLES - self._samples
        body = header + bytes(_SIDE_BYTES) + name + struct.pack(">III", 0x0F, self._frames, total) + toc
        body += struct.pack(">I", 100 if self._vbr else 78)  # the quality, as LAME counts it
        body += b"LAME3.100" + bytes([4 if self._vbr else 1, _LOWPASS_HZ // 100]) + bytes(8)  # no replay gain
        body += bytes([0, 255]) + (_DELAY_SAMPLES << 12 | padding).to_bytes(3, "big")
        body += bytes(4) + struct.pack(">IH", total, 0)
        body += struct.pack(">H", _crc16(body))
        return body.ljust(self._tag_bytes, b"\0")


def _header(kbps: int) -> bytes:
    """Header of an MPEG 1 layer III frame, 44.1 kHz, joint stereo, without padding."""
    return bytes([0xFF, 0xFB, _BIT_RATES_KBPS.index(kbps) << 4, 0x40])


def _frame_bytes(header: bytes) -> int:
    """Length of the frame that such a header begins."""
    kbps = _BIT_RATES_KBPS[header[2] >> 4]
    return 144_000 * kbps // MIX.sample_rate_hz + (header[2] >> 1 & 1)


def _crc16(data: bytes) -> int:
    """CRC-16 with the reversed polynomial 0xA001, as LAME's tag has it."""
    crc = 0
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0xA001 if crc & 1 else 0)
    return crc
