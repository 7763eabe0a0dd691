"""Reports of messages: readers make them, hosts resolve them."""

from typing import Annotated

from fastapi import APIRouter, Depends, Response

from chat_server.http.errors import problems
from chat_server.http.json_body import documented_body, json_body
from chat_server.http.path_params import MessageId, ReportId
from chat_server.http.services import service
from chat_server.moderation.endpoints import BODY_PROBLEMS, PROBLEMS, LookUps, Target
from chat_server.moderation.read_handlers import report_view
from chat_server.moderation.reports import ReportRepository
from chat_server.moderation.schemas import ReportRequest, ReportView
from chat_server.rooms.roles import Action
from chat_server.sessions.current import OPERATOR, SignedIn, SignedInOrOperator

router = APIRouter(prefix="/rooms/{room_id}", tags=["hosts"])

Reports = Annotated[ReportRepository, Depends(service(ReportRepository))]


@router.post(
    "/messages/{message_id}/reports",
    status_code=201,
    response_model=ReportView,
    openapi_extra=documented_body(ReportRequest),
    responses=problems(*BODY_PROBLEMS, "message_not_found", "too_many") | {200: {"model": ReportView}},
)
async def report_message(
    session: SignedIn,
    report: Annotated[ReportRequest, Depends(json_body(ReportRequest))],
    target: Target,
    message_id: MessageId,
    reports: Reports,
    look_ups: LookUps,
    response: Response,
) -> ReportView:
    """Report a message to the hosts. 201; again by the same person: 200 and the first report."""
    room = await target.settings(session)
    async with look_ups.permit(target.request.scope):
        made = await reports.report(room.id, message_id, session, report.reason)
    response.status_code = 201 if made.is_new else 200
    return report_view(made.row)


@router.post("/reports/{report_id}/resolve", responses=problems(*PROBLEMS, "not_found"))
async def resolve_report(
    session: SignedInOrOperator, target: Target, report_id: ReportId, reports: Reports, look_ups: LookUps
) -> ReportView:
    """Resolve a report as a host; one that is not open stays as it is."""
    room = await target.settings_for_host(session, Action.RESOLVE_REPORT)
    async with look_ups.permit(target.request.scope):
        resolved = await reports.resolve(room.id, report_id, session, is_operator=session is OPERATOR)
        return report_view(resolved)
