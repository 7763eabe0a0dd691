import { expect, it } from "vitest";
import { loggedSettings } from "@/lib/operator/logged-settings";

it("lists the logged changes in the order of the page", () => {
  const settings = {
    mode: { old: "enforce", new: "shadow", source: "operator" },
    enter_per_s: { old: 5_000, new: 300, source: "operator" },
  };
  expect(loggedSettings({ settings, reason: null })).toEqual([
    { name: "enter_per_s", old: 5_000, new: 300 },
    { name: "mode", old: "enforce", new: "shadow" },
  ]);
});

it.each([
  {},
  { settings: null },
  { settings: { later: { old: 1, new: 2 } } },
  { settings: { mode: { old: 1 } } },
])("leaves out what it does not know: %j", (details) => {
  expect(loggedSettings(details)).toEqual([]);
});
