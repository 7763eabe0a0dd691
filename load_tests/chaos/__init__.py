"""Breaks servers and stores under load and counts lost, duplicated and reordered events."""
