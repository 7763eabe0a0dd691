import { expect, it } from "vitest";
import { hideComposingKeys, isComposing } from "@/lib/input-method";

interface Key {
  readonly key: string;
  readonly keyCode: number;
  readonly isComposing: boolean;
}

const keyDown = (key: Key) => Object.assign(new Event("keydown", { cancelable: true }), key);
const keyOf = (event: Event) => (event as Event & Key).key;

it.each([
  ["Chrome and Firefox while a syllable is composed", 229, true],
  ["a browser without legacy key codes", 0, true],
  ["Safari, for the Enter that ends a composition", 229, false],
])("keys of an input method reach no handler: %s", (_browser, keyCode, composing) => {
  const page = new EventTarget();
  const pressed: string[] = [];
  hideComposingKeys(page);
  page.addEventListener("keydown", (event) => pressed.push(keyOf(event)), { capture: true });
  for (const key of ["Enter", "ArrowUp", "Escape", "Tab"]) {
    const event = keyDown({ key, keyCode, isComposing: composing });
    expect(isComposing(event)).toBe(true);
    page.dispatchEvent(event);
    expect(event.defaultPrevented).toBe(false);
  }
  expect(pressed).toEqual([]);
});

it("other keys reach their handlers", () => {
  const page = new EventTarget();
  const pressed: string[] = [];
  hideComposingKeys(page);
  page.addEventListener("keydown", (event) => pressed.push(keyOf(event)));
  page.dispatchEvent(keyDown({ key: "Enter", keyCode: 13, isComposing: false }));
  expect(pressed).toEqual(["Enter"]);
});
