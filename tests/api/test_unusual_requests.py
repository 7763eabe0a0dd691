"""Requests that are unusual but valid get what they mean, others a problem that says why."""

import gzip
import uuid

import pytest

from tests.support.people import People

ADDRESSES = {
    "/api/v1/rooms/%6Cobby": None,
    "/api/v1/rooms/lobby?": None,
    "/api/v1/rooms/lobby%20": "room_not_found",
    "/api/v1/rooms/lobby%0A": "room_not_found",
    "/api/v1/rooms/lobby%E2%80%8B": "room_not_found",
    "/api/v1/rooms/lobby;x=1": "room_not_found",
    "/api/v1/rooms/%EB%A1%9C%EB%B9%84": "room_not_found",
    "/api/v1/rooms/%FF%FE": "room_not_found",
    "/api/v1/rooms/..%2Flobby": "not_found",
    "/api/v1/rooms/lobby/": "not_found",
    "/api/v1/rooms//lobby": "not_found",
    "/api/v1/rooms/lobby/messages/": "message_not_found",
    f"/api/v1/rooms/lobby/messages/urn:uuid:{uuid.UUID(int=7)}": "message_not_found",
    "/api/v1/rooms?limit=1&limit=1": "validation_failed",
    "/api/v1/rooms?limit=%EF%BC%91": "validation_failed",
    "/api/v1/rooms?limit=1_0": "validation_failed",
    "/api/v1/rooms?limit=1.0": "validation_failed",
    "/api/v1/rooms?limit=99999999999999999999999999": "validation_failed",
    "/api/v1/rooms?LIMIT=x&limit[]=x&;limit=x&&=": None,
    "/api/v1/rooms?cursor=bG9iYnk": "validation_failed",
    "/api/v1/rooms?cursor=MTIzIGxvYmJ5": None,  # of a room's place in another list
    f"/api/v1/rooms?cursor={'A' * 5000}": "validation_failed",
    "/api/v1/rooms?q=%25%5F%5C": None,
    "/api/v1/rooms/lobby/events?after_seq=0&after_seq=1": "validation_failed",
    "/api/v1/rooms/lobby/events?after_seq=9223372036854775807": None,
    "/api/v1/rooms/lobby/messages?around_seq=0": None,
    "/api/v1/rooms/lobby/search?q=%FF%FF%FF": None,
    "/api/v1/rooms/lobby/search?q=a&q=b": "validation_failed",
    "/api/v1/rooms/lobby/reactions/mine?from_seq=5&to_seq=1": None,
    "/api/v1/me/rooms?cursor=x": "validation_failed",
    "/api/v1/me/rooms?limit=1&limit=2": "validation_failed",
    "/api/v1/me/rooms?limit=1_0": "validation_failed",
    "/api/v1/me/rooms?limit=5.0": "validation_failed",
    "/api/v1/me/rooms?limit=%D9%A1": "validation_failed",
    "/api/v1/me/rooms?limit=%201": "validation_failed",
    "/api/v1/me/rooms?limit=100": None,
}


async def test_an_address_means_one_call_or_is_refused(people: People) -> None:
    ann = await people.enter()
    for path, code in ADDRESSES.items():
        got, head = await ann.http.get(path), await ann.http.head(path)
        assert (got.status_code == 200, head.status_code) == (code is None, got.status_code), (path, got.text)
        assert code is None or got.json()["code"] == code, path


@pytest.mark.parametrize("content_type", ["application/json; charset=utf-8", "APPLICATION/JSON", "a/b+json"])
@pytest.mark.parametrize(
    "header",
    [
        ("Content-Encoding", "identity"),
        ("Expect", "100-continue"),
        ("Range", "bytes=0-0"),
        ("If-None-Match", "*"),
        ("If-Match", '"x"'),
        ("X-HTTP-Method-Override", "DELETE"),
        ("Accept", "text/html"),
        ("Accept-Encoding", "gzip;q=0, *;q=0"),
    ],
    ids=lambda header: header[0],
)
async def test_a_post_ignores_headers_that_do_not_matter_to_it(
    people: People, content_type: str, header: tuple[str, str]
) -> None:
    ann = await people.enter()
    room = await ann.make_room()
    content_type = content_type.replace("a/b", "application/b")
    headers = {"Content-Type": content_type, header[0]: header[1]}
    answer = await ann.http.post(f"/api/v1/rooms/{room['id']}/messages", content=draft(), headers=headers)
    assert (answer.status_code, answer.json().get("text")) == (201, "café")


@pytest.mark.parametrize(
    ("content_type", "body", "encoding", "status"),
    [
        ("text/json", "utf-8", None, 415),
        ("application/x-www-form-urlencoded", "utf-8", None, 415),
        ("multipart/form-data; boundary=x", "utf-8", None, 415),
        ("text/plain, application/json", "utf-8", None, 415),
        ("application/json", "gzip", "gzip", 415),
        ("application/json", "utf-8", "br", 415),
        ("application/json", "utf-8-sig", None, 422),
        ("application/json; charset=utf-16", "utf-16", None, 422),
        ("application/json; charset=latin-1", "latin-1", None, 422),
    ],
)
async def test_a_body_in_another_form_is_refused(
    people: People, content_type: str, body: str, encoding: str | None, status: int
) -> None:
    ann = await people.enter()
    room = await ann.make_room()
    content = gzip.compress(draft()) if body == "gzip" else draft().decode().encode(body)
    headers = {"Content-Type": content_type} | ({} if encoding is None else {"Content-Encoding": encoding})
    answer = await ann.http.post(f"/api/v1/rooms/{room['id']}/messages", content=content, headers=headers)
    assert answer.status_code == status, answer.text
    assert (await ann.get(f"/api/v1/rooms/{room['id']}"))["last_seq"] == 0


@pytest.mark.parametrize("path", ["", "/messages", "/events?after_seq=0"])
async def test_a_condition_is_compared_as_a_list_of_weak_tags(people: People, path: str) -> None:
    ann = await people.enter()
    room = await ann.make_room()
    await ann.post(room["id"], "hello")
    url = f"/api/v1/rooms/{room['id']}{path}"
    tag = (await ann.http.get(url)).headers["ETag"]
    same = [tag, "*", f'"other", {tag}', f'{tag},"other"', tag.removeprefix("W/")]
    other = ['"other"', "", "other", ",,,", 'W/"', f"{tag}x", "x" * 4000]
    for given in [*same, *other]:
        headers = {
            "If-None-Match": given,
            "Range": "bytes=0-3",
            "If-Modified-Since": "Wed, 21 Oct 2037 07:28:00 GMT",
        }
        for method in ("GET", "HEAD"):
            answer = await ann.http.request(method, url, headers=headers)
            assert answer.status_code == (304 if given in same else 200), (method, given)
            assert (len(answer.content) > 0) == (method == "GET" and given in other), (method, given)


def draft() -> bytes:
    return f'{{"client_message_id": "{uuid.uuid4()}", "text": "café"}}'.encode()
