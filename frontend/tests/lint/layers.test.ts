import { Linter } from "eslint";
import { expect, it } from "vitest";
import { layerRules } from "../../eslint-rules/layers.js";

const linter = new Linter();
const config = [{ files: ["**/*.{ts,tsx}"] }, ...layerRules];

const problemCount = (file: string, imported: string) =>
  linter.verify(`import { x } from "${imported}";`, config, { filename: file }).length;

it.each([
  ["src/lib/clock.ts", "react"],
  ["src/lib/clock.ts", "@tanstack/react-query"],
  ["src/lib/clock.ts", "@/ui/IconButton"],
  ["src/lib/feed/backoff.ts", "../../features/room/Room"],
  ["src/ui/IconButton.tsx", "@/features/room/Room"],
  ["src/ui/user-text/PersonName.tsx", "@/app/router"],
  ["src/features/search/SearchDialog.tsx", "@/features/room/Room"],
  ["src/features/search/SearchDialog.tsx", "../room/Room"],
  ["src/features/messages/MessageList.tsx", "@/features/composer/Composer"],
  ["src/features/rooms/RoomList.tsx", "@/app/Layout"],
])("%s may not import %s", (file, imported) => {
  expect(problemCount(file, imported)).toBeGreaterThan(0);
});

it.each([
  ["src/lib/feed/room-feed.ts", "@/lib/clock"],
  ["src/ui/services-context.tsx", "react"],
  ["src/features/room/Room.tsx", "@/features/messages/MessageList"],
  ["src/features/messages/MessageRow.tsx", "../reactions/ReactionBar"],
  ["src/app/router.tsx", "@/features/room/Room"],
])("%s may import %s", (file, imported) => {
  expect(problemCount(file, imported)).toBe(0);
});
