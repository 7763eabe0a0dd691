"""Recovery codes: the person who presents a code becomes the owner of its room. It is stored as a hash."""

import base64
import hashlib
import secrets
from typing import Final

CODE_BYTES: Final = 20
"""160 random bits, which base32 writes as 32 letters and digits without padding."""


def new_recovery_code() -> str:
    return base64.b32encode(secrets.token_bytes(CODE_BYTES)).decode()


def recovery_code_hash(code: str) -> bytes:
    """SHA-256 of the code in upper case without outer spaces. A slow hash is for secrets that can be guessed."""
    return hashlib.sha256(code.strip().upper().encode()).digest()
