"""How often somebody may write or fetch."""
