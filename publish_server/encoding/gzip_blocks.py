"""Compress once, send the same bytes to all: each body is a deflate block of its own between one header and trailer.

A full flush after each body ends it on a byte and forgets it, so any sequence of blocks is a valid stream whatever
came before. What differs by connection is only the trailer, the CRC and size of all its bodies.
Source: RFC 1951, RFC 1952; the arithmetic on CRCs is that of zlib's crc32_combine.
"""

import struct
import zlib
from collections.abc import Generator
from typing import Final

HEADER: Final = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff"
_LAST_BLOCK: Final = b"\x03\x00"
_LEVEL: Final = 6
"""A level above would save 1 % of usual bodies, and spend 20 times as long on texts made for it (two letters at
random: 322 ms of 128 KB at level 9, 11 ms at this one)."""

SLICE_BYTES: Final = 32 * 1024
"""3 ms of the worst text."""

_STRATEGY: Final = (
    zlib.Z_FILTERED
)  # fewer short matches: ids are half of an event, and 2 % smaller is measured
_POLYNOMIAL: Final = 0xEDB88320
_ONE: Final = 1 << 31


class Deflater:
    """Bodies to blocks. One compressor serves every stream of the process, as it keeps nothing between bodies."""

    def __init__(self) -> None:
        self._compressor = zlib.compressobj(
            _LEVEL, zlib.DEFLATED, -zlib.MAX_WBITS, zlib.DEF_MEM_LEVEL, _STRATEGY
        )

    def block(self, body: bytes) -> bytes:
        return self._compressor.compress(body) + self._compressor.flush(zlib.Z_FULL_FLUSH)

    def block_in_slices(self, body: bytes) -> Generator[None, None, bytes]:
        """The same; yields after each SLICE_BYTES. Until it ends this compressor serves nobody else."""
        parts = []
        for start in range(0, len(body), SLICE_BYTES):
            parts.append(self._compressor.compress(body[start : start + SLICE_BYTES]))
            yield
        parts.append(self._compressor.flush(zlib.Z_FULL_FLUSH))
        return b"".join(parts)


class Tally:
    """CRC and size of all bodies of a growing series."""

    __slots__ = ("crc", "size")

    def __init__(self) -> None:
        self.crc = 0
        self.size = 0

    def add(self, body: bytes) -> None:
        self.crc = zlib.crc32(body, self.crc)
        self.size += len(body)

    def trailer(self) -> bytes:
        """What ends the gzip stream."""
        return _LAST_BLOCK + struct.pack("<II", self.crc, self.size & 0xFFFFFFFF)


class StreamTally(Tally):
    """That of one stream. While it follows an audience it need not be touched: the audience's own tally tells.

    After joining at (J, j) and at the audience's (A, a), the stream's CRC is A ^ shifted(own ^ J, a - j).
    """

    __slots__ = ("_joined_crc", "_joined_size")

    def join(self, audience: Tally) -> None:
        self._joined_crc = audience.crc
        self._joined_size = audience.size

    def leave(self, audience: Tally) -> None:
        size = audience.size - self._joined_size
        self.crc = audience.crc ^ shifted(self.crc ^ self._joined_crc, size)
        self.size += size


def shifted(crc: int, size: int) -> int:
    """The CRC register after `size` bytes of zeros: crc times x to the power of 8 × size, modulo the polynomial."""
    factor, power, bits = _ONE, 3, size
    while bits:
        if bits & 1:
            factor = _product(_SQUARES[power & 31], factor)
        bits >>= 1
        power += 1
    return _product(factor, crc)


def _product(a: int, b: int) -> int:
    """a times b modulo the CRC polynomial, both bit-reversed."""
    product, bit = 0, _ONE
    while bit:
        if a & bit:
            product ^= b
        bit >>= 1
        b = (b >> 1) ^ _POLYNOMIAL if b & 1 else b >> 1
    return product


def _squares() -> list[int]:
    """x, x², x⁴, … modulo the polynomial."""
    squares = [1 << 30]
    while len(squares) < 32:
        squares.append(_product(squares[-1], squares[-1]))
    return squares


_SQUARES: Final = _squares()
