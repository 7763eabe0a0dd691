"""`make demo`: a crowd that makes a live room hot and leaves again, to watch in the browser."""
