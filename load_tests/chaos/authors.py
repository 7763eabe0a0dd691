"""Authors: each posts, edits, deletes or reacts about once in `every_s` and repeats a request until it is answered."""

import asyncio
import time
import uuid
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any, Final

import aiohttp
import orjson

from load_tests.chaos.checker import Answered
from load_tests.chaos.ledger import Ledger
from load_tests.chaos.tab_record import Identity

GIVE_UP_S: Final = 3.0
"""After this long without a response, the author repeats the request at the next server."""

RETRY_CUT_S: Final = 0.3
RECENT: Final = 50
KINDS: Final = ("heart", "sad", "laugh")
VALID_REFUSALS: Final = (429, 503)


@dataclass
class Rooms:
    """Recent messages to react to, and the newest answered post of each room."""

    ids: Sequence[str]
    recent: dict[str, deque[str]] = field(default_factory=dict)
    newest_post: dict[str, tuple[float, int]] = field(default_factory=dict)
    """Room → (start of the answered attempt, seq) of the post that started last."""

    def __post_init__(self) -> None:
        self.recent = {room_id: deque(maxlen=RECENT) for room_id in self.ids}

    def posted(self, room_id: str, message_id: str, seq: int, begun_s: float) -> None:
        self.recent[room_id].append(message_id)
        if begun_s > self.newest_post.get(room_id, (0.0, 0))[0]:
            self.newest_post[room_id] = (begun_s, seq)


@dataclass(frozen=True)
class Action:
    """One write, repeated unchanged until it is answered."""

    room_id: str
    method: str
    path: str
    body: bytes | None
    event_type: str
    subject: str


class Pace:
    """While `writing` is set, each author writes about once in `every_s`. Pending writes are always finished.

    An attempt without a response is abandoned after `give_up_s`.
    """

    def __init__(self, every_s: float, give_up_s: float = GIVE_UP_S) -> None:
        self.every_s, self.give_up_s = every_s, give_up_s
        self.writing = asyncio.Event()


class Author:
    """One signed-in author in one room."""

    def __init__(
        self,
        http: aiohttp.ClientSession,
        chat_urls: Sequence[str],
        token: str,
        room_id: str,
        rooms: Rooms,
        ledger: Ledger,
        rng: Random,
    ) -> None:
        self._http = http
        self._chat_urls = list(chat_urls)
        self._headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        self._room_id = room_id
        self._rooms = rooms
        self._ledger = ledger
        self._rng = rng
        self._own: deque[str] = deque(maxlen=RECENT)
        self._reacted: set[tuple[str, str]] = set()
        self._number = 0
        self.is_busy = False

    def forget(self) -> None:
        """Forget the writes since the backup, after the database was restored from it."""
        self._own.clear()
        self._reacted.clear()

    async def run(self, pace: Pace) -> None:
        """Runs until cancelled."""
        await asyncio.sleep(self._rng.uniform(0, pace.every_s))
        while True:
            await pace.writing.wait()
            self.is_busy = True
            try:
                if (action := self._next_action()) is not None:
                    await self._do(action, pace.give_up_s)
            finally:
                self.is_busy = False
            await asyncio.sleep(self._rng.uniform(0.5, 1.5) * pace.every_s)

    def _next_action(self) -> Action | None:
        dice = self._rng.random()
        if dice < 0.08 and self._own:
            return self._edit(self._own[-1])
        if dice < 0.12 and self._own:
            return self._delete(self._own.popleft())
        if dice < 0.22 and self._rooms.recent[self._room_id]:
            reaction = self._reaction()
            if reaction is not None:
                return reaction
        return self._post()

    def _post(self) -> Action:
        self._number += 1
        body = {
            "client_message_id": str(uuid.UUID(int=self._rng.getrandbits(128), version=4)),
            "text": f"@{time.monotonic_ns() // 1000:016d} {self._number}",  # the crowd of streams reads the time
        }
        path = f"/api/v1/rooms/{self._room_id}/messages"
        return Action(self._room_id, "POST", path, orjson.dumps(body), "message.created", "")

    def _edit(self, message_id: str) -> Action:
        self._number += 1
        body = orjson.dumps({"text": f"{self._number}, corrected"})
        return Action(self._room_id, "PATCH", self._path(message_id), body, "message.edited", message_id)

    def _delete(self, message_id: str) -> Action:
        return Action(self._room_id, "DELETE", self._path(message_id), None, "message.deleted", message_id)

    def _reaction(self) -> Action | None:
        message_id = self._rng.choice(self._rooms.recent[self._room_id])
        kind = self._rng.choice(KINDS)
        if (message_id, kind) in self._reacted:
            return None
        self._reacted.add((message_id, kind))
        path = f"{self._path(message_id)}/reactions/{kind}"
        return Action(self._room_id, "PUT", path, None, "reaction.changed", f"{message_id}:{kind}")

    def _path(self, message_id: str) -> str:
        return f"/api/v1/rooms/{self._room_id}/messages/{message_id}"

    async def _do(self, action: Action, give_up_s: float) -> None:
        self._rng.shuffle(
            self._chat_urls
        )  # like an edge: spread the requests, and try the next server when one is down
        while True:
            begun_s = time.monotonic()
            try:
                async with asyncio.timeout(give_up_s):
                    status, headers, body = await self._attempt(action)
            except TimeoutError:
                self._ledger.hangs += 1
                self._chat_urls.append(self._chat_urls.pop(0))
                continue
            except (aiohttp.ClientError, OSError):
                self._ledger.cuts += 1
                self._chat_urls.append(self._chat_urls.pop(0))
                await asyncio.sleep(self._rng.uniform(0, RETRY_CUT_S))
                continue
            wait_s = self._settle(action, status, headers, body, begun_s)
            if wait_s is None:
                return
            await asyncio.sleep(wait_s)
            if status == 503:
                self._chat_urls.append(self._chat_urls.pop(0))

    async def _attempt(self, action: Action) -> tuple[int, Any, bytes]:
        url = self._chat_urls[0] + action.path
        async with self._http.request(action.method, url, data=action.body, headers=self._headers) as answer:
            return answer.status, answer.headers, await answer.read()

    def _settle(self, action: Action, status: int, headers: Any, body: bytes, begun_s: float) -> float | None:
        """Record the response. Returns the seconds to wait before a repetition, or None if the write is done."""
        took_s = time.monotonic() - begun_s
        answer = _decoded(body)
        if status in (200, 201):
            self._ledger.note_answer(status, "", took_s, is_valid=True, what="")
            self._note_done(action, answer, begun_s)
            return None
        code = str(answer.get("code", ""))
        refused = status in VALID_REFUSALS and headers.get("Retry-After", "").isdigit() and code != ""
        gone = status == 404 and code == "message_not_found" and action.event_type == "reaction.changed"
        what = f"{action.method} {action.path} {body[:200]!r}"
        self._ledger.note_answer(status, code, took_s, is_valid=refused or gone, what=what)
        if refused:
            return float(answer["retry_after_ms"]) / 1000
        return None

    def _note_done(self, action: Action, answer: dict[str, Any], begun_s: float) -> None:
        seq = None
        subject = action.subject
        if action.event_type == "message.created":
            subject, seq = str(answer["id"]), int(answer["seq"])
            self._own.append(subject)
            self._rooms.posted(action.room_id, subject, seq, begun_s)
        self._ledger.answered.append(Answered(action.room_id, Identity(action.event_type, subject), seq))


class Reactor(Author):
    """Writes nothing: reacts to recent messages as often as an author writes. Once it has reacted to all, it waits."""

    def _next_action(self) -> Action | None:
        return self._reaction() if self._rooms.recent[self._room_id] else None


def _decoded(body: bytes) -> dict[str, Any]:
    try:
        answer = orjson.loads(body)
    except orjson.JSONDecodeError:
        return {}
    return answer if isinstance(answer, dict) else {}
