/** Keeps the app in the part of the window that an on-screen keyboard does not cover. Where the browser makes the window
 * itself smaller, there is nothing to do; Safari on phones does not. */

const KEYBOARD_MIN_PX = 80; // less is a toolbar of the browser

type Viewport = Pick<
  VisualViewport,
  "height" | "offsetTop" | "scale" | "addEventListener" | "removeEventListener"
>;

/** Set `--visible-height` and `--visible-top` while a keyboard covers a part of the window. Returns a function that stops
 * it. Without a visual viewport, nothing is set. */
export function followVisibleHeight(
  style: Pick<CSSStyleDeclaration, "setProperty" | "removeProperty">,
  viewport: Viewport | null,
  windowHeight: () => number,
): () => void {
  if (viewport === null) return () => undefined;
  const update = () => {
    const isZoomed = viewport.scale > 1.01; // a zoomed page is meant to be larger than what is visible
    const isCovered = !isZoomed && windowHeight() - viewport.height > KEYBOARD_MIN_PX;
    const values = [
      ["--visible-height", viewport.height],
      ["--visible-top", viewport.offsetTop],
    ] as const;
    for (const [name, px] of values) {
      if (isCovered) style.setProperty(name, `${Math.round(px)}px`);
      else style.removeProperty(name);
    }
  };
  const events = ["resize", "scroll"] as const;
  update();
  for (const type of events) viewport.addEventListener(type, update);
  return () => {
    for (const type of events) viewport.removeEventListener(type, update);
  };
}
