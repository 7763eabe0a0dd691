"""`make run` as seen from outside: output, restarts, and clean-up."""
