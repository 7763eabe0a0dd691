"""The operator reads and overrides settings of heat while the servers run."""

from collections.abc import Callable
from functools import partial
from typing import Annotated

from fastapi import Depends, Request, Response

from chat_server.hotchat.heat_rules import DEFAULTS, SETTING_OF, LiveHeatRules
from chat_server.http.errors import problems
from chat_server.http.json_body import documented_body, json_body
from chat_server.http.services import service
from chat_server.limits.heating_warning import heating_warning
from chat_server.limits.look_up_semaphore import LookUpSemaphore
from chat_server.ops.operator_router import BODY_PROBLEMS, PROBLEMS, operator_router
from chat_server.ops.setting_overrides import SettingOverrides
from chat_server.ops.settings_schemas import HeatSettingsPatch, HeatSettingsView
from chat_server.settings import ChatSettings
from server_kit.limits.shares import Shares

router = operator_router("settings")


View = Callable[[], HeatSettingsView]


async def _view(
    response: Response,
    heat: Annotated[LiveHeatRules, Depends(service(LiveHeatRules))],
    settings: Annotated[ChatSettings, Depends(service(ChatSettings))],
    shares: Annotated[Shares, Depends(service(Shares))],
) -> View:
    response.headers["Cache-Control"] = "no-store"
    return partial(view_of, heat, settings, shares)


def view_of(heat: LiveHeatRules, settings: ChatSettings, shares: Shares) -> HeatSettingsView:
    """What is in force now, and where each value comes from."""
    overridden = heat.overrides.given()
    warning = heating_warning(settings, heat.rules.enter_per_s, shares)
    views = {
        name: {
            "value": getattr(heat.rules, name),
            "default": getattr(DEFAULTS, name),
            "source": "operator"
            if name in overridden
            else "environment"
            if setting in settings.model_fields_set
            else "default",
            "environment": getattr(heat.environment, name),
            "setting": setting.upper(),
        }
        for name, setting in SETTING_OF.items()
    }
    return HeatSettingsView.model_validate({**views, "warnings": [warning] if warning else []})


InForce = Annotated[View, Depends(_view)]


@router.get("", responses=problems(*PROBLEMS))
async def read_settings(view: InForce) -> HeatSettingsView:
    """The settings of heat, and where each value comes from. Also while the stores are down."""
    return view()


@router.patch("", openapi_extra=documented_body(HeatSettingsPatch), responses=problems(*BODY_PROBLEMS))
async def change_settings(
    given: Annotated[HeatSettingsPatch, Depends(json_body(HeatSettingsPatch))],
    request: Request,
    view: InForce,
    overrides: Annotated[SettingOverrides, Depends(service(SettingOverrides))],
    look_ups: Annotated[LookUpSemaphore, Depends(service(LookUpSemaphore))],
) -> HeatSettingsView:
    """Override settings: in force in every process within 2 s, and after a restart.

    Null returns to the environment's value, and so does a change of that value at the next start of chat_server.
    """
    changes = {name: getattr(given, name) for name in SETTING_OF if name in given.model_fields_set}
    if changes:
        async with look_ups.permit(request.scope):
            await overrides.change(changes, given.reason)
    return view()
