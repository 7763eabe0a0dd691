import { describe, expect, it } from "vitest";
import { NOT_PAUSED, nextPause, type PauseEvent, type PauseReason } from "@/lib/room-view/list-pause";

const began = (reason: PauseReason): PauseEvent => ({ type: "began", reason });
const ended = (reason: "hover" | "menu"): PauseEvent => ({ type: "ended", reason });
const after = (...events: PauseEvent[]) => events.reduce(nextPause, NOT_PAUSED).size > 0;

describe("the list", () => {
  it("is not paused at first", () => expect(after()).toBe(false));

  it.each(["hover", "scroll", "selection", "focus", "menu", "history"] as const)("pauses for %s", (reason) =>
    expect(after(began(reason))).toBe(true),
  );

  it("resumes when the pointer leaves", () => expect(after(began("hover"), ended("hover"))).toBe(false));

  it("resumes when the menu has closed and the pointer has left, whichever comes first", () => {
    expect(after(began("hover"), began("menu"), ended("menu"))).toBe(true);
    expect(after(began("hover"), began("menu"), ended("menu"), ended("hover"))).toBe(false);
    expect(after(began("hover"), began("menu"), ended("hover"), ended("menu"))).toBe(false);
  });

  it.each(["scroll", "selection", "focus", "history"] as const)(
    "stays paused for %s when the menu closes",
    (reason) => expect(after(began("menu"), began(reason), ended("menu"))).toBe(true),
  );

  it.each(["scroll", "selection", "focus", "menu"] as const)(
    "stays paused for %s when the pointer leaves",
    (reason) => expect(after(began("hover"), began(reason), ended("hover"))).toBe(true),
  );

  it("resumes on End, Esc or the button, for any reason of the pause", () =>
    expect(after(began("hover"), began("scroll"), began("menu"), { type: "back-to-newest" })).toBe(false));
});
