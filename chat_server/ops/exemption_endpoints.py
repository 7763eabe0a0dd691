"""The operator exempts a venue's address from the shares of addresses for some hours."""

from typing import Annotated, Any, Final

from fastapi import Depends, Request, Response
from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from chat_contract.timestamps import rfc3339_ms
from chat_server.http.errors import problems
from chat_server.http.json_body import documented_body, json_body
from chat_server.http.services import service
from chat_server.limits.look_up_semaphore import LookUpSemaphore
from chat_server.ops.exemption_repository import MAX_EXEMPTIONS, ExemptionRepository
from chat_server.ops.operator_router import BODY_PROBLEMS, PROBLEMS, operator_router
from chat_server.ops.schemas import LogReason
from server_kit.http.client_address import MAX_ADDRESS_LENGTH, address_key, parsed_address
from server_kit.http.problem import ChatError
from server_kit.limits.venue_exemptions import ExemptionsPoll

MAX_HOURS: Final = 72

router = operator_router("exemptions")

Repository = Annotated[ExemptionRepository, Depends(service(ExemptionRepository))]
Poll = Annotated[ExemptionsPoll, Depends(service(ExemptionsPoll))]
LookUps = Annotated[LookUpSemaphore, Depends(service(LookUpSemaphore))]


def venue_key(given: str) -> str:
    """The key of the address: IPv4, or the address of an IPv6 /64. Raises ValueError."""
    address = parsed_address(given.removesuffix("/64")) if len(given) <= MAX_ADDRESS_LENGTH else None
    if address is None:
        raise ValueError("Give one IPv4 or IPv6 address, such as 203.0.113.7 or 2001:db8::1.")
    return address_key(str(address)).removesuffix("/64")


class ExemptionRequest(BaseModel):
    model_config = ConfigDict(extra="forbid")

    address: Annotated[str, AfterValidator(venue_key), Field(description="IPv4, or IPv6 for its /64")]
    hours: Annotated[int, Field(strict=True, ge=1, le=MAX_HOURS)]
    reason: LogReason = None


class Exemption(BaseModel):
    """An address that no share by address limits. The shares of users stay in force."""

    address: Annotated[str, Field(description="IPv4, or the first address of an IPv6 /64")]
    reason: str | None
    expires_at: str
    created_at: str


class ExemptionList(BaseModel):
    exemptions: Annotated[list[Exemption], Field(description=f"Newest first; at most {MAX_EXEMPTIONS}")]


@router.get("", responses=problems(*PROBLEMS))
async def list_exemptions(
    request: Request, response: Response, repository: Repository, look_ups: LookUps
) -> ExemptionList:
    """The exemptions in force."""
    async with look_ups.permit(request.scope):
        rows = await repository.list()
    response.headers["Cache-Control"] = "no-store"
    return ExemptionList(exemptions=[_view(row) for row in rows])


@router.post(
    "",
    status_code=201,
    openapi_extra=documented_body(ExemptionRequest),
    responses=problems(*BODY_PROBLEMS, "too_many"),
)
async def exempt_address(
    given: Annotated[ExemptionRequest, Depends(json_body(ExemptionRequest))],
    request: Request,
    repository: Repository,
    poll: Poll,
    look_ups: LookUps,
) -> Exemption:
    """Exempt an address from the shares of addresses, in every process within 2 s.

    A later call replaces an earlier one.
    """
    async with look_ups.permit(request.scope):
        row = await repository.add(given.address, given.hours, given.reason)
    await poll.poll()
    return _view(row)


@router.delete("/{address}", status_code=204, responses=problems(*PROBLEMS, "not_found"))
async def end_exemption(
    address: str, request: Request, repository: Repository, poll: Poll, look_ups: LookUps
) -> Response:
    """End an exemption, in every process within 2 s."""
    try:
        key = venue_key(address)
    except ValueError as error:
        raise _not_found() from error
    async with look_ups.permit(request.scope):
        if not await repository.end(key):
            raise _not_found()
    await poll.poll()
    return Response(status_code=204)


def _not_found() -> ChatError:
    return ChatError("not_found", "This address is not exempt.")


def _view(row: Any) -> Exemption:
    return Exemption(
        address=row["address"],
        reason=row["reason"],
        expires_at=rfc3339_ms(row["expires_at"]),
        created_at=rfc3339_ms(row["created_at"]),
    )
