"""The operator's settings on the wire."""

from typing import Annotated, Generic, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field

from chat_server.hotchat.heat_rules import HeatOverrides
from chat_server.ops.schemas import LogReason
from chat_server.settings import HeatMode, Strategy

Value = TypeVar("Value", float, int, HeatMode, Strategy)


class HeatSettingsPatch(HeatOverrides):
    """Fields that are left out stay as they are; null returns to the environment's value."""

    model_config = ConfigDict(extra="forbid")

    reason: LogReason = None


class _Setting(BaseModel, Generic[Value]):
    value: Annotated[Value, Field(description="In force")]
    default: Annotated[Value, Field(description="Without the operator and without the environment")]
    source: Annotated[
        Literal["default", "environment", "operator"],
        Field(description="Where the value comes from: `default`, `environment` or `operator`"),
    ]
    environment: Annotated[Value, Field(description="To which null returns")]
    setting: Annotated[str, Field(description="Its name in the environment")]


class NumberSetting(_Setting[float]):
    """A setting, and where its value comes from."""


class WholeNumberSetting(_Setting[int]):
    """A setting, and where its value comes from."""


class ModeSetting(_Setting[HeatMode]):
    """`enforce`, `shadow` or `off`, and where it comes from."""


class StrategySetting(_Setting[Strategy]):
    """`adaptive` or `refuse_all`, and where it comes from."""


class HeatSettingsView(BaseModel):
    """When a room is hot, and what follows, as in force in the process that answers."""

    enter_per_s: NumberSetting
    exit_ratio: NumberSetting
    calm_ticks: WholeNumberSetting
    mode: ModeSetting
    strategy: StrategySetting
    fetch_per_client_per_s: NumberSetting
    fetch_burst: WholeNumberSetting
    warnings: Annotated[list[str], Field(description="Sentences about values that go badly together")]
