"""Helpers of several test folders: stores, servers as processes, clients of the API, hostile texts."""
