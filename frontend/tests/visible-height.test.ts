import { beforeEach, expect, it } from "vitest";
import { followVisibleHeight } from "@/lib/visible-height";

const WINDOW_PX = 480;

class FakeViewport extends EventTarget {
  height = WINDOW_PX;
  offsetTop = 0;
  scale = 1;

  become(change: Partial<Pick<FakeViewport, "height" | "offsetTop" | "scale">>): void {
    Object.assign(this, change);
    this.dispatchEvent(new Event("resize"));
  }
}

let viewport: FakeViewport;
let values: Map<string, string>;
let stop: () => void;

beforeEach(() => {
  viewport = new FakeViewport();
  values = new Map();
  const style = {
    setProperty: (name: string, value: string | null) => void values.set(name, value ?? ""),
    removeProperty: (name: string) => (values.delete(name) ? name : ""),
  };
  stop = followVisibleHeight(style, viewport, () => WINDOW_PX);
});

it("keeps the app above an on-screen keyboard, and gives the height back", () => {
  expect(values.size).toBe(0);
  viewport.become({ height: 220.4, offsetTop: 60 });
  expect(Object.fromEntries(values)).toEqual({ "--visible-height": "220px", "--visible-top": "60px" });
  viewport.become({ height: WINDOW_PX, offsetTop: 0 });
  expect(values.size).toBe(0);
});

it.each([
  ["a toolbar that appears", { height: WINDOW_PX - 56 }],
  ["a page that the reader zooms", { height: WINDOW_PX / 3, scale: 3 }],
])("ignores %s", (_what, change) => {
  viewport.become(change);
  expect(values.size).toBe(0);
});

it("changes nothing once stopped, nor in a browser without a visual viewport", () => {
  stop();
  viewport.become({ height: 100 });
  expect(values.size).toBe(0);
  expect(() => followVisibleHeight(noStyle(), null, () => WINDOW_PX)()).not.toThrow();
});

const noStyle = () => ({ setProperty: () => undefined, removeProperty: () => "" });
