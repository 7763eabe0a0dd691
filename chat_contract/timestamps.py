"""Times on the wire."""

from datetime import UTC, datetime


def rfc3339_ms(moment: datetime) -> str:
    """An aware time as RFC 3339 in UTC with exactly three decimals (cut, not rounded) and `Z`."""
    in_utc = moment if moment.tzinfo is UTC else moment.astimezone(UTC)
    return in_utc.isoformat(timespec="milliseconds")[:23] + "Z"
