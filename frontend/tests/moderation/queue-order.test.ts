import { describe, expect, it } from "vitest";
import { shownQueue } from "@/lib/moderation/queue-order";

const queue = (ids: string) => Array.from(ids).map((id) => ({ id }));
const drawn = (latest: string, held: string | null) => {
  const { items, waiting } = shownQueue(queue(latest), held === null ? null : queue(held));
  return [items.map(({ item, isGone }) => (isGone ? `(${item.id})` : item.id)).join(" "), waiting];
};

describe("a queue", () => {
  it("shows the newest items first while nothing holds it", () => {
    expect(drawn("dcba", null)).toEqual(["d c b a", 0]);
  });

  it("keeps every item in its place while it is held, and counts the new ones", () => {
    expect(drawn("edcba", "cba")).toEqual(["c b a", 2]);
  });

  it("keeps the place of an item that a host has decided", () => {
    expect(drawn("dca", "cba")).toEqual(["c (b) a", 1]);
    expect(drawn("", "cba")).toEqual(["(c) (b) (a)", 0]);
  });

  it("appends an older page while it is held", () => {
    expect(drawn("edcba", "dc")).toEqual(["d c b a", 1]);
  });

  it("shows the first items at once, because nothing can move", () => {
    expect(drawn("ba", "")).toEqual(["b a", 0]);
  });

  it("shows the newest version of a held item", () => {
    const { items } = shownQueue([{ id: "a", text: "edited" }], [{ id: "a", text: "first" }]);
    expect(items.map(({ item }) => item.text)).toEqual(["edited"]);
  });
});
