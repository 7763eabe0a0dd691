"""Times on the wire."""

from datetime import UTC, datetime


def rfc3339_ms(moment: datetime) -> str:
    """An aware time as RFC 3339 in UTC with exactly three decimals (cut, not rounded) and `Z`."""
    in_utc = moment if moment.tzinfo is UTC else moment.astimezone(UTC)
    return in_utc.isoformat(timespec="milliseconds")[:23] + "Z"


def optional_rfc3339_ms(moment: datetime | None) -> str | None:
    """The time; None stays None, as for the end of a ban for good."""
    return None if moment is None else rfc3339_ms(moment)
