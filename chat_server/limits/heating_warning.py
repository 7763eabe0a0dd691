"""Whether one address could heat a room alone. No I/O."""

from chat_server.settings import ChatSettings
from server_kit.limits.shares import Shares


def heating_warning(settings: ChatSettings, enter_per_s: float, shares: Shares) -> str | None:
    """A sentence if limits by address are enforced and one address could still heat a room."""
    most_per_s = settings.requests_per_address_per_s * settings.chat_workers
    if shares.rate("requests") is None or most_per_s < enter_per_s:
        return None
    return (
        "One address can heat a room alone: REQUESTS_PER_ADDRESS_PER_S × CHAT_WORKERS is "
        f"{most_per_s:g}, HOTCHAT_ENTER_PER_S is {enter_per_s:g}. Lower the first or raise the second."
    )
