"""httpx without certificates, for servers on loopback: `httpx.AsyncClient(verify=NO_CERTIFICATES)`."""

import ssl
from typing import Final

NO_CERTIFICATES: Final = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
"""Shared, because each client without it spends 30 ms on loading the machine's certificates."""
