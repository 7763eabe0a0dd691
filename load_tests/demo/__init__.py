"""`make demo`: a synthetic crowd in a live room."""
