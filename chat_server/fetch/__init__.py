"""Fetches: every GET of one room, answered from memory where that is possible, refused before any store is touched."""
