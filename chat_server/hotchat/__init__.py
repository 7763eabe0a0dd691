"""The heat of rooms: counts of fetches and posts, levels, and what follows: throttling and slow mode."""
