"""`make demo`: simulated users in a live room."""
