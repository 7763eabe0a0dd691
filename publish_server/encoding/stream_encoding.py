"""How a body becomes bytes on a stream's socket. Streams with the same wire read the same bytes."""

from collections.abc import Generator
from typing import NamedTuple

from publish_server.encoding.gzip_blocks import HEADER, SLICE_BYTES, Deflater, Tally
from publish_server.encoding.sse_frames import LAST_CHUNK, chunk

_deflater = Deflater()  # keeps nothing between bodies, so all streams may share it


class Wire(NamedTuple):
    """`is_chunked` is HTTP/1.1; an HTTP/1.0 response ends with its connection."""

    is_chunked: bool
    is_gzip: bool = False

    def opening(self, body: bytes) -> bytes:
        """The first body of a stream, with whatever goes before it."""
        data = HEADER + _deflater.block(body) if self.is_gzip else body
        return chunk(data) if self.is_chunked else data

    def encode(self, body: bytes) -> bytes:
        data = _deflater.block(body) if self.is_gzip and body else body
        return chunk(data) if self.is_chunked else data

    def encode_in_slices(self, body: bytes) -> Generator[None, None, bytes]:
        """As `encode`; yields where others may have the event loop while a large body is compressed."""
        if not self.is_gzip or len(body) <= SLICE_BYTES:
            return self.encode(body)
        data = yield from Deflater().block_in_slices(body)
        return chunk(data) if self.is_chunked else data

    def ending(self, tally: Tally | None) -> bytes:
        """What makes the response complete: without it a client sees an error, as it does when we are killed."""
        trailer = b"" if tally is None else tally.trailer()
        return chunk(trailer) + LAST_CHUNK if self.is_chunked else trailer


def accepts_gzip(accept_encoding: bytes | None) -> bool:
    """RFC 9110 section 12.5.3, for this one coding."""
    for part in (accept_encoding or b"").lower().split(b","):
        coding, _, parameters = part.partition(b";")
        if coding.strip() in (b"gzip", b"*"):
            weight = parameters.replace(b" ", b"").removeprefix(b"q=").rstrip(b"0.")
            return not parameters or bool(weight)
    return False
