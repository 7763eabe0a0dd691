"""Rules for texts and names from users."""
