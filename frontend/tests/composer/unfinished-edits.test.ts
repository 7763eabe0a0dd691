import { beforeEach, describe, expect, it, vi } from "vitest";
import type { Edit } from "@/lib/composer/composer-machine";
import { EDITS_KEY, EDITS_MAX, EditsBefore, UnfinishedEdits } from "@/lib/composer/unfinished-edits";
import { MemoryStorage } from "../support/memory-storage";

let storage: MemoryStorage;

beforeEach(() => {
  storage = new MemoryStorage();
  vi.stubGlobal("localStorage", storage);
});

const begun = (id: string, text: string): Edit => ({
  kind: "message",
  id,
  before: "as it was",
  text,
  correctionId: null,
  isGone: false,
});

const texts = (roomId: string) => new UnfinishedEdits().read(roomId).map(({ edit }) => edit.text);

describe("unfinished edits", () => {
  it("are kept for each room and message, the most recently changed one last", () => {
    const edits = new UnfinishedEdits();
    const correction: Edit = { ...begun("p1", "better"), kind: "post", correctionId: "p2" };
    edits.save("lobby", { edit: begun("m1", "one"), isOpen: true });
    edits.save("games", { edit: begun("m1", "elsewhere"), isOpen: true });
    edits.save("lobby", { edit: correction, isOpen: false });
    edits.save("lobby", { edit: begun("m1", "one more"), isOpen: true });
    expect(new UnfinishedEdits().read("lobby")).toEqual([
      { edit: correction, isOpen: false },
      { edit: begun("m1", "one more"), isOpen: true },
    ]);
    expect(texts("games")).toEqual(["elsewhere"]);
    expect(edits.find("lobby", "p1")).toEqual({ text: "better", correctionId: "p2" });
  });

  it("are gone once they are erased", () => {
    const edits = new UnfinishedEdits();
    edits.save("lobby", { edit: begun("m1", "one"), isOpen: true });
    edits.erase("lobby", "m1");
    expect([texts("lobby"), edits.find("lobby", "m1"), storage.length]).toEqual([[], null, 0]);
  });

  it("are limited in number: the oldest is dropped", () => {
    const edits = new UnfinishedEdits();
    for (let number = 0; number <= EDITS_MAX; number += 1)
      edits.save("lobby", { edit: begun(`m${number}`, `text ${number}`), isOpen: false });
    expect([texts("lobby").length, texts("lobby")[0]]).toEqual([EDITS_MAX, "text 1"]);
    expect(new EditsBefore(storage.getItem(EDITS_KEY)).isFull).toBe(true);
  });

  it.each(["", "{", "null", "[1]", '[["lobby m1","{}"]]', '[["lobby m1","1"]]', '[["lobby","{}"]]'])(
    "are none where the stored value is unreadable: %j",
    (stored) => {
      storage.setItem(EDITS_KEY, stored);
      expect(texts("lobby")).toEqual([]);
      expect(new EditsBefore(stored).find("lobby", "m1")).toBeNull();
    },
  );
});
