"""One transaction per post, otherwise the same rows: the reference for group commit.

`DATABASE_URL=… uvicorn …:app`; POST /api/v1/rooms/{room_id}/messages.
"""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import UUID

import asyncpg
import orjson
from fastapi import FastAPI, Request, Response
from pydantic import BaseModel, Field
from uuid_utils.compat import uuid7

TABLES = """
create table if not exists each_rooms (id text primary key, last_seq bigint not null default 0);
create table if not exists each_messages (
  id uuid primary key, room_id text not null, seq bigint not null, client_message_id uuid not null, text text not null,
  created_at timestamptz not null default now(), unique (room_id, seq), unique (room_id, client_message_id));
create table if not exists each_events (
  room_id text, seq bigint, payload text not null, created_at timestamptz not null default now(),
  primary key (room_id, seq));
create table if not exists each_outbox (
  room_id text, seq bigint, created_at timestamptz not null default now(), primary key (room_id, seq));
"""


class Draft(BaseModel):
    client_message_id: UUID
    text: str = Field(min_length=1, max_length=4000)


@asynccontextmanager
async def lifespan(application: FastAPI) -> AsyncIterator[None]:
    async with asyncpg.create_pool(os.environ["DATABASE_URL"], min_size=32, max_size=32) as pool:
        await pool.execute(TABLES)
        application.state.pool = pool
        yield


app = FastAPI(lifespan=lifespan)


@app.post("/api/v1/rooms/{room_id}/messages", status_code=201)
async def post(room_id: str, draft: Draft, request: Request) -> Response:
    async with request.app.state.pool.acquire() as connection, connection.transaction():
        seq = await connection.fetchval(
            "insert into each_rooms values ($1, 1) on conflict (id) do update set last_seq = each_rooms.last_seq + 1"
            " returning last_seq",
            room_id,
        )
        body = orjson.dumps({"id": uuid7(), "room_id": room_id, "seq": seq, "text": draft.text})
        await connection.execute(
            "with message as (insert into each_messages values ($1, $2, $3, $4, $5)),"
            " event as (insert into each_events values ($2, $3, $6)) insert into each_outbox values ($2, $3)",
            *(uuid7(), room_id, seq, draft.client_message_id, draft.text, body.decode()),
        )
    return Response(body, 201, media_type="application/json")
