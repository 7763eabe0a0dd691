"""Why the chat room cannot run, or cannot go on: one sentence for the person at the terminal."""


class StackFailure(Exception):
    """Ends the run with a non-zero exit code; its text is the sentence."""
