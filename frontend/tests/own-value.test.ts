import { expect, it } from "vitest";
import { ownValue } from "@/lib/own-value";

it.each(["constructor", "__proto__", "toString"])("finds %s only where the object has it itself", (key) => {
  expect(ownValue({ heart: 1 }, key)).toBeUndefined();
  expect(ownValue(JSON.parse(`{"${key}":2}`) as Record<string, number>, key)).toBe(2);
});
