"""What hosts, the operator and people who leave change in a room, applied under its lock. One module for each kind."""
