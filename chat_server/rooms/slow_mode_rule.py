"""What hosts have set for slow mode. Pure."""

from typing import Final, NamedTuple

from chat_contract.events import SlowMode, SlowModeKind


class SlowModeRule(NamedTuple):
    """Two columns of a room. `seconds` of `fixed` are stored, `auto` has a target instead, `off` has neither."""

    seconds: int = 0
    target_posts_per_s: float | None = None

    @property
    def mode(self) -> SlowModeKind:
        """An earlier version, which knows no target, may have set seconds next to one. Then the seconds count."""
        if self.seconds:
            return "fixed"
        return "off" if self.target_posts_per_s is None else "auto"

    def view(self) -> SlowMode:
        target = self.target_posts_per_s if self.mode == "auto" else None
        return {"mode": self.mode, "seconds": self.seconds, "target_posts_per_s": target}

    def in_force_s(self, governed_s: int) -> int:
        """The wait that is in force now; `governed_s` is that of the governor."""
        return governed_s if self.mode == "auto" else self.seconds


NO_SLOW_MODE: Final = SlowModeRule()
