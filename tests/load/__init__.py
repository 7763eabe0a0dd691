"""The load tools themselves: they count right, notice what is wrong, and run, at sizes that take seconds."""
