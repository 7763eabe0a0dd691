"""`make run` as a person meets it: what it says, what it survives, what it leaves behind."""
