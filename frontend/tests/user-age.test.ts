import { describe, expect, it } from "vitest";
import { isByNewcomer, knownSinceMs } from "@/lib/people/user-age";

const SINCE = "2026-01-31T09:30:00.125Z";
const prefix = Date.parse(SINCE).toString(16).padStart(12, "0");
const USER = `${prefix.slice(0, 8)}-${prefix.slice(8)}-7d4b-8f00-3b1f2a9c5d10`;
const wroteAt = (created_at: string, id = USER) => ({ author: { id, nickname: "Ann" }, created_at });

describe("the age of a user", () => {
  it("is in their id", () => {
    expect(knownSinceMs(USER)).toBe(Date.parse(SINCE));
  });

  it.each(["", "id-of-ann", "0199f3a2-1111-4d4b-8f00-3b1f2a9c5d10"])("is unknown for the id %j", (id) => {
    expect(knownSinceMs(id)).toBeNull();
    expect(isByNewcomer(wroteAt(SINCE, id), 3_600)).toBe(false);
  });

  it("makes them a newcomer until they are old enough when they write", () => {
    expect(isByNewcomer(wroteAt("2026-01-31T10:30:00.124Z"), 3_600)).toBe(true);
    expect(isByNewcomer(wroteAt("2026-01-31T10:30:00.125Z"), 3_600)).toBe(false);
    expect(isByNewcomer(wroteAt(SINCE), 0)).toBe(false);
  });
});
