import { expect, it, vi } from "vitest";
import { SecretLink } from "@/lib/secret-link";

function open(address: string) {
  const url = new URL(address, "http://chat.example");
  const history = {
    state: { key: "kept" },
    replaceState: (_state: unknown, _unused: string, next?: string | URL | null) => {
      url.hash = new URL(next ?? "", url).hash;
    },
  };
  return { url, history, link: new SecretLink({ location: url, history }, "recover") };
}

it("a recovery code leaves the address at once, and the rest of the address stays", () => {
  const { url, link } = open("/rooms/lobby?at=7#recover=ABC234");
  expect([link.getSnapshot(), url.href]).toEqual(["ABC234", "http://chat.example/rooms/lobby?at=7"]);
});

it.each(["/", "/rooms/lobby#latest", "/rooms/lobby#recover="])("%s has no recovery code", (address) => {
  expect(open(address).link.getSnapshot()).toBeNull();
});

it("a code that is pasted into the address later counts as well, until it is used", () => {
  const { url, link } = open("/");
  const changed = vi.fn();
  link.subscribe(changed);
  url.hash = "#recover=ABC234";
  link.take();
  expect([link.getSnapshot(), url.hash, changed.mock.calls.length]).toEqual(["ABC234", "", 1]);
  link.forget();
  link.take();
  expect(link.getSnapshot()).toBeNull();
});

it("a link of one kind does not take the code of another kind", () => {
  const { url, link } = open("/#invite=ABC234");
  expect([link.getSnapshot(), url.hash]).toEqual([null, "#invite=ABC234"]);
});
