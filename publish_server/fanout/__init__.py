"""Open streams and the writes to them."""
