"""`make run` from outside: its output, its restarts, what it leaves behind."""
