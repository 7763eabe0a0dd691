import { expect, it } from "vitest";
import { isEmbedPath } from "@/lib/embed-path";

it.each([
  ["/embed/rooms/lobby", true],
  ["/embed/nope", true],
  ["/embed", true],
  ["//embed/nope", true],
  ["/EMBED/nope", true],
  ["/embedded", false],
  ["/rooms/embed", false],
  ["/", false],
])("%s is below /embed: %s", (path, expected) => {
  expect(isEmbedPath(path)).toBe(expected);
});
