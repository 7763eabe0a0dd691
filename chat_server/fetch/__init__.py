"""Fetches: every GET of one room, answered from memory where possible, and refused without a query."""
