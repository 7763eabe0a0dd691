/** What proxies, captive portals and logins answer in place of the server never counts as the server's answer. */
import { afterEach, describe, expect, it } from "vitest";
import { ChatApi } from "@/lib/api/chat-api";
import { Problem } from "@/lib/api/problem";
import { SessionStore } from "@/lib/session/session-store";
import { response, startBrokenProxy, type BrokenProxy } from "../support/broken-proxy";
import { message } from "../support/fake-room";
import { MemoryStorage } from "../support/memory-storage";

const HTML = "<!doctype html><title>Sign in to the network</title>";
const AS_HTML = ["Content-Type: text/html"];
const AS_JSON = ["Content-Type: application/json"];
const PAGE = JSON.stringify({ messages: [], cursor: 7, has_more: false });
const DRAFT = { client_message_id: "id", text: "hello" };
const LOGIN = ["Location: /login"];

let proxy: BrokenProxy;

afterEach(() => proxy.stop());

async function behind(answer: string | ((request: string) => string)): Promise<ChatApi> {
  proxy = await startBrokenProxy(typeof answer === "string" ? () => answer : answer);
  return new ChatApi(fetch, proxy.url);
}

const refusalOf = (call: Promise<unknown>): Promise<unknown> =>
  call.then(
    () => "answered",
    (error: unknown) => error,
  );

const NO_ANSWERS: Record<string, string> = {
  "204 without a body": "HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n",
  "200 with an empty body": response("200 OK", "", AS_JSON),
  "200 with an empty body of unknown length": "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n",
  "200 with an empty body over HTTP/1.0": "HTTP/1.0 200 OK\r\n\r\n",
  "200 with null": response("200 OK", "null", AS_JSON),
  "200 with a list": response("200 OK", "[]", AS_JSON),
  "200 with a word": response("200 OK", '"ok"', AS_JSON),
  "200 with the page of a captive portal": response("200 OK", HTML, AS_HTML),
  "200 with such a page as JSON": response("200 OK", HTML, AS_JSON),
  "200 with half of the body": response("200 OK", JSON.stringify(message(1)).slice(0, 40), AS_JSON),
  "200 with less than its length": response("200 OK", PAGE, AS_JSON).replace(/Length: \d+/, "Length: 9999"),
  "200 that is not compressed as it says": response("200 OK", PAGE, ["Content-Encoding: gzip", ...AS_JSON]),
  "304 that nobody asked for": "HTTP/1.1 304 Not Modified\r\nConnection: close\r\n\r\n",
  "401 of a proxy with a password": response("401 Unauthorized", HTML, ["WWW-Authenticate: Basic"]),
  "403 of a firewall": response("403 Forbidden", HTML, AS_HTML),
  "403 without a body": response("403 Forbidden"),
  "404 of a balancer without servers": response("404 Not Found", "default backend - 404"),
  "404 of a gateway in JSON": response("404 Not Found", '{"message":"no Route matched"}', AS_JSON),
  "404 with a number as its code": response("404 Not Found", '{"code":404}', AS_JSON),
  "405 of a proxy that knows few methods": response("405 Method Not Allowed", HTML, AS_HTML),
  "407 of a proxy": response("407 Proxy Authentication Required", HTML, AS_HTML),
  "451 of a filter": response("451 Unavailable For Legal Reasons", HTML, AS_HTML),
  "502 of a gateway": response("502 Bad Gateway", HTML, AS_HTML),
  "503 of a gateway": response("503 Service Unavailable", HTML, AS_HTML),
  "511 of a captive portal": response("511 Network Authentication Required", HTML, AS_HTML),
  "a closed connection": "",
  "no HTTP": "SSH-2.0-OpenSSH_9.2\r\n",
};

it.each(Object.entries(NO_ANSWERS))("a call that gets %s is tried again", async (_what, answer) => {
  const api = await behind(answer);
  const calls = [
    api.me(),
    api.post("lobby", DRAFT),
    api.page("lobby"),
    api.react("lobby", "m", "heart", true),
  ];
  for (const refusal of await Promise.all(calls.map(refusalOf))) {
    expect(refusal).toBeInstanceOf(Problem);
    expect(refusal).toMatchObject({ code: "unreachable", isUnreachable: true, isTransient: true });
  }
});

describe("a call that a proxy redirects", () => {
  it("to a login page is tried again", async () => {
    const login = (request: string) =>
      request.endsWith("/login") ? response("200 OK", HTML, AS_HTML) : response("302 Found", "", LOGIN);
    const api = await behind(login);
    const calls = [api.post("lobby", DRAFT), api.page("lobby")];
    for (const refusal of await Promise.all(calls.map(refusalOf)))
      expect(refusal).toMatchObject({ code: "unreachable" });
  });

  it("to a login that returns by GET is not taken for posted, and is posted once the login is renewed", async () => {
    let isRenewed = false;
    const api = await behind((request) => {
      if (request === "GET /login") {
        isRenewed = true;
        return response("302 Found", "", ["Location: /api/v1/rooms/lobby/messages"]);
      }
      if (!isRenewed) return response("302 Found", "", LOGIN);
      return request.startsWith("GET")
        ? response("200 OK", PAGE, AS_JSON)
        : response("201 Created", JSON.stringify(message(1)), AS_JSON);
    });
    expect(await refusalOf(api.post("lobby", DRAFT))).toMatchObject({ code: "unreachable" });
    expect(await api.post("lobby", DRAFT)).toMatchObject({ id: "message-1" });
  });

  it("from one address to another is read", async () => {
    const api = await behind((request) =>
      request.includes("moved")
        ? response("200 OK", PAGE, AS_JSON)
        : response("301 Moved Permanently", "", ["Location: /moved"]),
    );
    expect(await api.page("lobby")).toMatchObject({ cursor: 7 });
  });
});

it.each<[string, string]>([
  ["over HTTP/1.0 without a length", `HTTP/1.0 200 OK\r\n\r\n${PAGE}`],
  ["with a byte order mark", response("200 OK", `\u00ef\u00bb\u00bf${PAGE}`, AS_JSON)],
  ["with another content type", response("200 OK", PAGE, ["Content-Type: text/plain; charset=utf-16"])],
  ["with 203 for a changed response", response("203 Non-Authoritative Information", PAGE, AS_JSON)],
])("an answer %s is read", async (_how, answer) => {
  const api = await behind(answer);
  expect(await api.page("lobby")).toMatchObject({ cursor: 7 });
});

it.each<[string, string[], number | null]>([
  ["in seconds", ["Retry-After: 7"], 7_000],
  ["of hours", ["Retry-After: 86400"], 300_000],
  ["as a date", ["Retry-After: Wed, 21 Oct 2026 07:28:00 GMT"], null],
  ["that is empty", ["Retry-After: "], null],
  ["that is negative", ["Retry-After: -1"], null],
  ["that is no number", ["Retry-After: soon"], null],
])("a throttling proxy's wait %s", async (_how, headers, retryAfterMs) => {
  const api = await behind(response("429 Too Many Requests", HTML, headers));
  expect(await refusalOf(api.page("lobby"))).toMatchObject({ status: 429, isTransient: true, retryAfterMs });
});

it.each([
  ["signing out", (api: ChatApi) => api.endSession()],
  ["the typing signal", (api: ChatApi) => api.typing("lobby")],
])("%s is done although a proxy changed its 204 into an empty 200", async (_what, call) => {
  await expect(call(await behind(response("200 OK")))).resolves.toBeUndefined();
});

it("the 401 of a proxy signs nobody out", async () => {
  const api = await behind(response("401 Unauthorized", HTML, ["WWW-Authenticate: Basic"]));
  const storage = new MemoryStorage();
  storage.setItem("hotchat.user", "ann-id");
  storage.setItem("hotchat.nickname", "Ann");
  const session = new SessionStore(api, storage);
  await session.load();
  expect(session.getSnapshot().viewer).toEqual({ id: "ann-id", nickname: "Ann" });
  expect(storage.getItem("hotchat.user")).toBe("ann-id");
});
