"""The queue of a full server: who gets the next free stream."""
