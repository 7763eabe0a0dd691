"""Break parts under load, and count what was lost, doubled or out of order."""
