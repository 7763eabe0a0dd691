"""`make bench`: every figure next to its reference, from the same run on the same cores."""
