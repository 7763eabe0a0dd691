import { expect, it } from "vitest";
import { textOf } from "@/lib/composer/composer-machine";
import { EDITS_KEY } from "@/lib/composer/unfinished-edits";
import { World } from "./browser-world";

/** Two tabs of a reader who has written one message. */
async function open() {
  const world = new World(true);
  await world.settle();
  await world.tab(0).session.join("Ann");
  await world.settle();
  world.type(world.tab(0));
  world.submit(world.tab(0));
  await world.settle();
  const text = (index: number) => textOf(world.tab(index).composer.getSnapshot());
  const edit = async (index: number) => {
    const written = world.server.messages[0]?.message;
    if (written === undefined) throw new Error("nothing was posted");
    world.tab(index).composer.dispatch({ type: "edit", kind: "message", id: written.id, text: written.text });
    await world.settle();
  };
  const type = async (index: number) => {
    world.type(world.tab(index));
    await world.settle();
    return text(index);
  };
  return { world, text, edit, type };
}

it("an unfinished edit is in the field again after a reload, and is erased once saved", async () => {
  const { world, text, edit, type } = await open();
  await edit(0);
  const typed = await type(0);
  world.reload(0);
  await world.settle();
  expect(text(0)).toBe(typed);
  world.submit(world.tab(0));
  await world.settle();
  expect(world.server.messages.map(({ message }) => message.text)).toEqual([typed]);
  world.reload(0);
  await world.settle();
  expect([text(0), world.storage.getItem(EDITS_KEY)]).toEqual(["", null]);
});

it("a cancelled edit does not return after a reload", async () => {
  const { world, text, edit, type } = await open();
  await edit(0);
  await type(0);
  world.leave(world.tab(0));
  world.reload(0);
  await world.settle();
  expect([text(0), world.storage.getItem(EDITS_KEY)]).toEqual(["", null]);
});

it("an edit continues in another tab, and ends in both when one saves it", async () => {
  const { world, text, edit, type } = await open();
  await edit(0);
  const begun = await type(0);
  await edit(1);
  expect(text(1)).toBe(begun);
  const finished = await type(1);
  expect(text(0)).toBe(finished);
  world.submit(world.tab(1));
  await world.settle();
  expect([text(0), text(1)]).toEqual(["", ""]);
  expect(world.server.messages.map(({ message }) => message.text)).toEqual([finished]);
});

it("signing out erases unfinished edits in all tabs", async () => {
  const { world, text, edit, type } = await open();
  await edit(0);
  await type(0);
  await edit(1);
  await world.tab(1).session.signOut(false);
  await world.settle();
  expect([text(0), text(1), world.storage.getItem(EDITS_KEY)]).toEqual(["", "", null]);
});
