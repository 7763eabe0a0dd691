"""How an endpoint asks for one service: `Rooms = Annotated[RoomRepository, Depends(service(RoomRepository))]`."""

from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from fastapi import Request

T = TypeVar("T")


class Services:
    """The services that a process opened at start, by type; at most one instance of each type."""

    def __init__(self, *instances: Any) -> None:
        self._by_type: dict[type, Any] = {type(each): each for each in instances}

    def get(self, kind: type[T]) -> T:
        """Raises KeyError if there is none."""
        instance: T = self._by_type[kind]
        return instance


def service(kind: type[T]) -> Callable[[Request], Awaitable[T]]:
    """A FastAPI dependency: the instance of `kind` in `app.state.services`."""

    async def find(request: Request) -> T:
        """A coroutine although it never waits: FastAPI would run a plain function on a thread."""
        services: Services = request.app.state.services
        return services.get(kind)

    return find
