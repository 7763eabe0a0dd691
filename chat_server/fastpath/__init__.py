"""The fast path: routes that are answered below FastAPI, listed in one table."""
