"""Limits on how often clients may write and fetch."""
