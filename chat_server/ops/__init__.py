"""What the operator does to the whole server: bans from all rooms, and the log of it."""
