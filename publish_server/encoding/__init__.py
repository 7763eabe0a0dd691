"""Bytes on the wire: server-sent events, HTTP chunks, gzip blocks."""
