"""The reason that a person gives for what they do: shown to others, or for the log."""

from typing import Annotated, Final

from pydantic import AfterValidator

from chat_server.text.names import clean_line

MAX_REASON_CODE_POINTS: Final = 200


def clean_reason(raw: str) -> str:
    """Raises ValueError for a text that is empty, too long, or has more than one line."""
    return clean_line(raw, MAX_REASON_CODE_POINTS, "A reason")


Reason = Annotated[str, AfterValidator(clean_reason)]
