"""The rules for texts and names that people send."""
