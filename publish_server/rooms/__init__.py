"""Watched rooms: records, heads and stored events enter here and become one ordered log per room."""
