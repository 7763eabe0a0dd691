"""Signed places in the queue for streams. Clients keep them, so nobody loses a turn when Redis loses its data."""

import base64
import binascii
import hashlib
import hmac
import struct
from collections.abc import Sequence
from typing import Final, NamedTuple

KEEP_S: Final = 120
"""A place that is not renewed for this long has expired. Hidden tabs renew once a minute."""

MAX_WAIT_S: Final = 6 * 3600
"""A place older than this has expired, too."""

RETURNING_US: Final = 4_000_000_000_000_000
"""Subtracted from the numbers of returning streams, so that they come before everybody who waits."""

_FIELDS: Final = struct.Struct(">BqQI")
_VERSION: Final = 1
_MAC_BYTES: Final = 16
_TOKEN_CHARACTERS: Final = 52


class QueuePlace(NamedTuple):
    """`number` orders the queue: µs of Redis' time at which the place was given; 0 while Redis has not numbered it.

    `expires_s`: Unix seconds.
    """

    id: str
    number: int
    expires_s: int

    @property
    def is_returning(self) -> bool:
        return self.number < 0

    @property
    def given_s(self) -> float:
        """When it was given, in Unix seconds; 0 while it has no number."""
        return (self.number + (RETURNING_US if self.is_returning else 0)) / 1_000_000


def returning_place(random_id: int, now_s: float, keep_s: float) -> QueuePlace:
    """The place of a stream that the server ends, valid for `keep_s`."""
    return QueuePlace(f"{random_id:016x}", round(now_s * 1_000_000) - RETURNING_US, int(now_s + keep_s))


class PlaceTokens:
    """Signs with a key derived from `secret`; verifies with it and those of `old_secrets`."""

    def __init__(self, secret: str, old_secrets: Sequence[str] = ()) -> None:
        self._keys = [
            hashlib.sha256(b"hotchat place in the queue v1 " + each.encode()).digest()
            for each in (secret, *old_secrets)
        ]

    def sign(self, place: QueuePlace) -> str:
        """A token of 52 characters for a URL."""
        fields = _FIELDS.pack(_VERSION, place.number, int(place.id, 16), place.expires_s)
        return base64.urlsafe_b64encode(fields + _mac(self._keys[0], fields)).rstrip(b"=").decode()

    def read(self, token: str, now_s: float) -> QueuePlace | None:
        """The place; None if the token is forged or has expired."""
        if len(token) > _TOKEN_CHARACTERS or not token.isascii():
            return None
        try:
            raw = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
        except (binascii.Error, ValueError):
            return None
        fields, mac = raw[: _FIELDS.size], raw[_FIELDS.size :]
        if len(fields) != _FIELDS.size or not any(
            hmac.compare_digest(mac, _mac(key, fields)) for key in self._keys
        ):
            return None
        _, number, random_id, expires_s = _FIELDS.unpack(fields)
        place = QueuePlace(f"{random_id:016x}", number, expires_s)
        is_too_old = number != 0 and now_s - place.given_s > MAX_WAIT_S
        return None if now_s >= expires_s or is_too_old else place


def _mac(key: bytes, fields: bytes) -> bytes:
    return hmac.digest(key, fields, "sha256")[:_MAC_BYTES]
