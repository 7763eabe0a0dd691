"""Limits on how often clients may write and fetch, and on how much they may do at a time."""
