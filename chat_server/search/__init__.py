"""Search for messages of one room."""
