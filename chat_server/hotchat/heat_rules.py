"""The rules of heat that are in force: the environment's settings, and the operator's overrides of them."""

from collections.abc import Callable, Mapping
from logging import getLogger
from typing import Any, Final, NamedTuple

from prometheus_client import Gauge
from pydantic import BaseModel, ConfigDict, ValidationError

from chat_server.settings import (
    CalmTicks,
    ChatSettings,
    EnterPerS,
    ExitRatio,
    FetchBurst,
    FetchPerClientPerS,
    HeatMode,
    HeatSettings,
    Strategy,
)

_OVERRIDDEN = Gauge("hotchat_overridden_settings", "Settings of heat that the operator has overridden")

log = getLogger(__name__)


class HeatRules(NamedTuple):
    """One value for each name. The schedulers use the first four."""

    enter_per_s: float
    exit_ratio: float
    calm_ticks: int
    mode: HeatMode
    strategy: Strategy
    fetch_per_client_per_s: float
    fetch_burst: int


SETTING_OF: Final = {
    "enter_per_s": "hotchat_enter_per_s",
    "exit_ratio": "hotchat_exit_ratio",
    "calm_ticks": "hotchat_calm_ticks",
    "mode": "hotchat_mode",
    "strategy": "hotchat_strategy",
    "fetch_per_client_per_s": "hot_fetch_per_client_per_s",
    "fetch_burst": "hot_fetch_burst",
}
"""The field of ChatSettings that each rule comes from."""

DEFAULTS: Final = HeatRules(
    **{name: ChatSettings.model_fields[setting].default for name, setting in SETTING_OF.items()}
)


class HeatOverrides(BaseModel):
    """The operator's values, within the bounds of the settings; None: the environment's value is in force."""

    model_config = ConfigDict(frozen=True, strict=True)

    enter_per_s: EnterPerS | None = None
    exit_ratio: ExitRatio | None = None
    calm_ticks: CalmTicks | None = None
    mode: HeatMode | None = None
    strategy: Strategy | None = None
    fetch_per_client_per_s: FetchPerClientPerS | None = None
    fetch_burst: FetchBurst | None = None

    def given(self) -> dict[str, float | str]:
        """The overridden rules, by name."""
        return {name: getattr(self, name) for name in SETTING_OF if getattr(self, name) is not None}


def environment_rules(settings: HeatSettings) -> HeatRules:
    """The rules without overrides. A setting that the program does not read has its default."""
    return HeatRules(
        **{name: getattr(settings, setting, getattr(DEFAULTS, name)) for name, setting in SETTING_OF.items()}
    )


def stored_overrides(values: Mapping[str, Any]) -> HeatOverrides:
    """Overrides as a store holds them. What this version does not know, or does not accept, is left out."""
    overrides: dict[str, Any] = {}
    for name, value in values.items():
        try:
            overrides |= HeatOverrides.model_validate({name: value}).given()
        except ValidationError:
            continue
    return HeatOverrides(**overrides)


class LiveHeatRules:
    """The rules in force in this process. They are replaced as a whole; everything that uses them follows."""

    def __init__(self, environment: HeatRules) -> None:
        self.environment = environment
        self.overrides = HeatOverrides()
        self.rules = environment
        self._followers: list[Callable[[HeatRules], None]] = []

    def follow(self, apply: Callable[[HeatRules], None]) -> None:
        """Call `apply` with the rules now and after each change."""
        self._followers.append(apply)
        apply(self.rules)

    def override(self, overrides: HeatOverrides) -> None:
        """Put these overrides in force instead of the earlier ones."""
        self.overrides = overrides
        given = overrides.given()
        _OVERRIDDEN.set(len(given))
        before, self.rules = self.rules, self.environment._replace(**given)  # type: ignore[arg-type]
        if self.rules == before:
            return
        for name, setting in SETTING_OF.items():
            old, new = getattr(before, name), getattr(self.rules, name)
            if old != new:
                source = "the operator" if name in given else "the environment"
                log.info("%s is %s instead of %s, set by %s", setting.upper(), new, old, source)
        for apply in self._followers:
            apply(self.rules)
