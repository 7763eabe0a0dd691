"""The plain way in Python: sse-starlette with one queue per client. GET /sub/{room}, POST /pub/{room}."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator

from fastapi import FastAPI, Request, Response
from sse_starlette import EventSourceResponse, ServerSentEvent

app = FastAPI()
queues: defaultdict[str, set[asyncio.Queue[tuple[int, str]]]] = defaultdict(set)
last_seqs: defaultdict[str, int] = defaultdict(int)


@app.get("/sub/{room}")
async def subscribe(room: str) -> EventSourceResponse:
    async def events() -> AsyncIterator[ServerSentEvent]:
        queue: asyncio.Queue[tuple[int, str]] = asyncio.Queue()
        queues[room].add(queue)
        try:
            while True:
                seq, event = await queue.get()
                yield ServerSentEvent(event, id=str(seq), event="message.created", sep="\n")
        finally:
            queues[room].discard(queue)

    return EventSourceResponse(events())


@app.post("/pub/{room}")
async def publish(room: str, request: Request) -> Response:
    event = (await request.body()).decode()
    last_seqs[room] += 1
    for queue in queues[room]:
        queue.put_nowait((last_seqs[room], event))
    return Response(status_code=202)
