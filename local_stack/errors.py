"""The error that ends a run, with one sentence for the terminal."""


class StackFailure(Exception):
    """Ends the run with a non-zero exit code. Its text is the sentence to print."""
