import { beforeEach, expect, it, vi } from "vitest";
import { IGNORED_MAX, IgnoredPeople } from "@/lib/people/ignored-people";
import { MemoryStorage } from "./support/memory-storage";

const ANN = { id: "id-of-ann", nickname: "Ann" };

beforeEach(() => {
  vi.stubGlobal("localStorage", new MemoryStorage());
});

it("people stay ignored over reloads, until that is undone", () => {
  new IgnoredPeople().ignore(ANN);
  expect([...new IgnoredPeople().getSnapshot()]).toEqual([[ANN.id, ANN.nickname]]);
  new IgnoredPeople().stopIgnoring(ANN.id);
  expect(new IgnoredPeople().has(ANN.id)).toBe(false);
});

it("a change in another tab counts at once", () => {
  const [here, there] = [new IgnoredPeople(), new IgnoredPeople()];
  const changed = vi.fn();
  here.subscribe(changed);
  there.ignore(ANN);
  expect(here.has(ANN.id)).toBe(false);
  here.onStorageEvent({ key: "hotchat.draft" });
  expect(changed).not.toHaveBeenCalled();
  here.onStorageEvent({ key: "hotchat.ignored" });
  expect([here.has(ANN.id), changed.mock.calls.length]).toEqual([true, 1]);
});

it("beyond the limit, the person who was ignored first is shown again", () => {
  const ignored = new IgnoredPeople();
  for (let number = 0; number <= IGNORED_MAX; number += 1)
    ignored.ignore({ id: `id-${number}`, nickname: "Ann" });
  expect([ignored.getSnapshot().size, ignored.has("id-0"), ignored.has(`id-${IGNORED_MAX}`)]).toEqual([
    IGNORED_MAX,
    false,
    true,
  ]);
});
