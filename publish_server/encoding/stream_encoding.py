"""From a body to the bytes on a stream's socket. Streams with the same encoding read the same bytes."""

from collections.abc import Generator
from typing import NamedTuple

from publish_server.encoding.chunked import LAST_CHUNK, chunk
from publish_server.encoding.gzip_blocks import HEADER, SLICE_BYTES, BlockCompressor, GzipChecksum

_compressor = BlockCompressor()


class StreamEncoding(NamedTuple):
    """`is_chunked`: HTTP/1.1. An HTTP/1.0 response ends with its connection."""

    is_chunked: bool
    is_gzip: bool = False

    def encode_first(self, body: bytes) -> bytes:
        """The first body of a stream, behind the gzip header if there is one."""
        data = HEADER + _compressor.block(body) if self.is_gzip else body
        return chunk(data) if self.is_chunked else data

    def encode(self, body: bytes) -> bytes:
        data = _compressor.block(body) if self.is_gzip and body else body
        return chunk(data) if self.is_chunked else data

    def encode_in_slices(self, body: bytes) -> Generator[None, None, bytes]:
        """Same as `encode`, but yields to the event loop while it compresses a large body."""
        if not self.is_gzip or len(body) <= SLICE_BYTES:
            return self.encode(body)
        data = yield from BlockCompressor().block_in_slices(body)
        return chunk(data) if self.is_chunked else data

    def ending(self, checksum: GzipChecksum | None) -> bytes:
        """The bytes that complete the response. A client that does not receive them reports an error."""
        trailer = b"" if checksum is None else checksum.trailer()
        return chunk(trailer) + LAST_CHUNK if self.is_chunked else trailer
