"""A wrong setting stops the start and is named. Secrets appear in no log, repr or error."""

import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest
from pydantic import ValidationError
from pydantic_settings import BaseSettings

from chat_server.settings import ChatSettings, SchedulerSettings
from local_stack.settings import StackSettings
from publish_server.settings import PublishSettings
from server_kit.settings import ProcessSettings, WrongSetting, read_settings
from tests.support.chat_stack import ADMIN_TOKEN, ROOT, SECRET, StartChatStack
from tests.support.plain_http import ANSWERS_WITHIN_S

CHAT, PUBLISH, SCHEDULER = ChatSettings, PublishSettings, SchedulerSettings
PROGRAMS = {CHAT: "chat_server", PUBLISH: "publish_server", SCHEDULER: "chat_server.hotchat.scheduler"}
TOO_SHORT = "must have at least 16 characters, best made by: openssl rand -base64 32"
WRONG = [
    (CHAT, "HOTCHAT_SECRET", "tooshort", TOO_SHORT),
    (CHAT, "HOTCHAT_ADMIN_TOKEN", "tooshort", TOO_SHORT),
    (PUBLISH, "HOTCHAT_SECRETS_OLD", "an earlier secret,tooshort", TOO_SHORT),
    (CHAT, "CHAT_PORT", "http", "input should be a valid integer, unable to parse string as an integer"),
    (CHAT, "HOTCHAT_MODE", "maybe", "input should be 'enforce', 'shadow' or 'off'"),
    (
        CHAT,
        "DATABASE_URL",
        "postgresql://me:hunter2@db:five/chat",
        "must be a URL that begins with postgresql:// or postgres:// or postgresql+asyncpg://",
    ),
    (CHAT, "PUBLIC_STREAM_URL", "elsewhere", "must be a URL that begins with http:// or https://"),
    (PUBLISH, "CHAT_INTERNAL_URL", "chat:8000", "must be a URL that begins with http:// or https://"),
    (
        PUBLISH,
        "REDIS_URL",
        "hunter2@valkey",
        "must be a URL that begins with redis:// or rediss:// or unix://",
    ),
    (PUBLISH, "STREAM_GZIP", "yes", "input should be 'off', 'hot' or 'always'"),
    (
        SCHEDULER,
        "KAFKA_BOOTSTRAP_SERVERS",
        "kafka",
        "must be host:port, or several with commas between",
    ),
    (SCHEDULER, "HOTCHAT_EXIT_RATIO", "2", "input should be less than or equal to 1"),
]


@pytest.mark.parametrize(("settings", "name", "value", "why"), WRONG, ids=[name for _, name, _, _ in WRONG])
def test_a_wrong_setting_is_named_in_one_sentence(
    settings: type[ProcessSettings], name: str, value: str, why: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOTCHAT_SECRET", SECRET)
    monkeypatch.setenv(name, value)
    with pytest.raises(WrongSetting) as wrong:
        read_settings(settings)
    assert str(wrong.value) == f"wrong setting: {name}: {why}"


@pytest.mark.parametrize(
    ("program", "name", "value", "why"),
    [
        (PROGRAMS[settings], name, value, why)
        for settings, name, value, why in WRONG
        if name in {"HOTCHAT_MODE", "STREAM_GZIP", "HOTCHAT_EXIT_RATIO"}
    ],
    ids=PROGRAMS.values(),
)
def test_a_program_with_a_wrong_setting_prints_the_sentence_and_exits(
    program: str, name: str, value: str, why: str
) -> None:
    ended = subprocess.run(
        [sys.executable, "-m", program],
        env={"HOTCHAT_SECRET": SECRET, name: value},
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ended.stderr == f"Cannot start: wrong setting: {name}: {why}\n"
    assert ended.returncode == 2


@pytest.mark.parametrize("settings", [CHAT, PUBLISH, SCHEDULER, StackSettings])
def test_secrets_are_not_in_the_text_of_settings(
    settings: type[BaseSettings], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOTCHAT_SECRET", "hunter2 signs tokens")
    monkeypatch.setenv("HOTCHAT_SECRETS_OLD", "hunter2 was here before,and so was hunter2")
    monkeypatch.setenv("HOTCHAT_ADMIN_TOKEN", "hunter2 is the operator")
    monkeypatch.setenv("DATABASE_URL", "postgresql://me:hunter2@db/chat")
    monkeypatch.setenv("REDIS_URL", "redis://:hunter2@valkey/0")
    read = read_settings(settings)
    fields = [getattr(read, name) for name in settings.model_fields]
    for text in (
        repr(read),
        str(read),
        repr(read.model_dump()),
        read.model_dump_json(),
        f"{fields} {fields!r}",
    ):
        assert "hunter2" not in text


@pytest.mark.parametrize("name", ["HOTCHAT_SECRET", "DATABASE_URL"])
def test_a_validation_error_does_not_show_the_value(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOTCHAT_SECRET", SECRET)
    monkeypatch.setenv(name, "hunter2")
    with pytest.raises(ValidationError) as wrong:
        ChatSettings()
    assert "hunter2" not in f"{wrong.value} {wrong.value!r}"


def test_secrets_are_never_in_the_logs(
    start_chat_stack: StartChatStack, database_url: str, tmp_path: Path
) -> None:
    stack = start_chat_stack(LOG_LEVEL="DEBUG")
    with httpx.Client(base_url=stack.chat_url, timeout=ANSWERS_WITHIN_S) as client:
        session = client.post("/api/v1/sessions", json={"nickname": "Minji"}).raise_for_status().json()
        operator = {"Authorization": f"Bearer {ADMIN_TOKEN}"}
        client.patch("/api/v1/rooms/lobby", json={"slow_mode_s": 1}, headers=operator)
        client.post(
            "/api/v1/rooms/lobby/messages",
            json={"client_message_id": "0198c0de-0000-7000-8000-000000000001", "text": "hello"},
            headers={"Authorization": f"Bearer {session['token']}"},
        ).raise_for_status()
    with httpx.stream(
        "GET", f"{stack.publish_url}/stream/v1/rooms/lobby", timeout=ANSWERS_WITHIN_S
    ) as stream:
        assert next(stream.iter_lines())
    for process in stack.processes:
        process.stop()
    password = urlsplit(database_url).password
    assert password
    logs = {path.name: path.read_text() for path in (tmp_path / "servers").glob("*.log")}
    assert len(logs) == 3 and all(logs.values())
    for name, log in logs.items():
        for secret in (SECRET, ADMIN_TOKEN, session["token"], password):
            assert secret not in log, name
