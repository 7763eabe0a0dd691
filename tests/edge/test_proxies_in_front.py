"""The configurations of docs/deploying.md, verbatim, in front of real servers: TLS, frontend, posts,
streams, and the address that shares count. Caddy is tested if it is installed."""

import re
import shutil
import ssl
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from local_stack.ports import LOOPBACK, free_port
from tests.edge.running_edge import open_folder, running_caddy, running_nginx
from tests.support.chat_stack import ROOT, ChatStack, StartChatStack

HOST = "chat.example"
PROXIES = ["nginx", *(["caddy"] if shutil.which("caddy") else [])]
DRAFT = {"client_message_id": "0198c0de-0000-7000-8000-000000000001", "text": "through the proxy"}


def documented(language: str) -> str:
    """The first block of this language in docs/deploying.md, the configuration for `make run`."""
    found = re.search(rf"```{language}\n(.*?)```", (ROOT / "docs" / "deploying.md").read_text(), re.DOTALL)
    assert found
    return found[1]


@contextmanager
def running_proxy(name: str, stack: ChatStack) -> Iterator[tuple[int, Path]]:
    """The proxy's port and its certificate."""
    with open_folder() as folder:
        port, certificate, key = free_port(), folder / "chat.crt", folder / "chat.key"
        make_certificate(certificate, key)
        ports = {"8000": str(stack.chat_servers[0].port), "8001": str(stack.publish_servers[0].port)}
        text = re.sub(
            r"127\.0\.0\.1:(\d+)", lambda found: f"127.0.0.1:{ports[found[1]]}", documented(LANGUAGE[name])
        )
        if name == "nginx":
            replaced = text.replace("listen 443", f"listen {LOOPBACK}:{port}").replace("127.0.0.1:443", "")
            replaced = replaced.replace("/etc/ssl/chat.example.crt", str(certificate))
            replaced = replaced.replace("/etc/ssl/chat.example.key", str(key))
            with running_nginx(replaced, folder, port):
                yield port, certificate
        else:
            with running_caddy(
                text.replace(f"{HOST} {{", f"{HOST}:{port} {{\n tls {certificate} {key}"), folder, port
            ):
                yield port, certificate


LANGUAGE = {"nginx": "nginx", "caddy": "caddyfile"}


def make_certificate(certificate: Path, key: Path) -> None:
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", f"/CN={HOST}",
         "-addext", f"subjectAltName=DNS:{HOST}", "-keyout", key, "-out", certificate],
        check=True, capture_output=True,
    )  # fmt: skip
    key.chmod(0o644)


@pytest.mark.parametrize("name", PROXIES)
def test_a_documented_proxy_forwards_the_page_posts_streams_and_the_clients_address(
    start_chat_stack: StartChatStack, tmp_path: Path, name: str
) -> None:
    page = tmp_path / "page"
    page.mkdir()
    (page / "index.html").write_text("<!doctype html><title>Hotchat</title>")
    stack = start_chat_stack(
        scheduler=0,
        SPA_DIR=str(page),
        TRUSTED_PROXIES=LOOPBACK,
        PUBLIC_HOSTS=HOST,
        PUBLIC_STREAM_URL="same-origin",
        SESSIONS_PER_ADDRESS_PER_MIN="2",
    )
    with running_proxy(name, stack) as (port, certificate):
        context = ssl.create_default_context(cafile=certificate)

        def visitor(address: str) -> httpx.Client:
            """A client with another loopback address."""
            return httpx.Client(
                transport=httpx.HTTPTransport(verify=context, local_address=address),
                base_url=f"https://{LOOPBACK}:{port}",
                headers={"Host": HOST},
                event_hooks={"request": [lambda request: request.extensions.update(sni_hostname=HOST)]},
                timeout=20,
            )

        with visitor("127.0.0.5") as ann, visitor("127.0.0.6") as ben:
            first = ann.get("/rooms/lobby")
            assert (
                first.status_code == 200
                and "frame-ancestors 'self'" in first.headers["content-security-policy"]
            )
            assert ann.get("/api/v1/config").json()["stream_url"] == f"https://{HOST}"
            token = ann.post("/api/v1/sessions", json={"nickname": "Ann"}).raise_for_status().json()["token"]
            writer = {"Authorization": f"Bearer {token}", "Origin": f"https://{HOST}"}
            with ben.stream("GET", "/stream/v1/rooms/lobby") as stream:
                lines = stream.iter_lines()
                while next(lines) != "event: stream.opened":
                    pass
                posted = ann.post("/api/v1/rooms/lobby/messages", json=DRAFT, headers=writer)
                assert posted.status_code == 201
                while DRAFT["text"] not in next(lines):
                    pass
            statuses = [
                ann.post(
                    "/api/v1/sessions", json={"nickname": "A"}, headers={"X-Forwarded-For": f"9.9.9.{n}"}
                ).status_code
                for n in range(6)
            ]
            assert statuses.count(429) >= 4, (
                "a claimed X-Forwarded-For does not replace the address that the proxy saw"
            )
            assert ben.post("/api/v1/sessions", json={"nickname": "Ben"}).status_code == 201
            assert ann.get("/internal/v1/heads").status_code in (401, 404, 405)
