/** Keys that an input method uses itself, for example Enter to end a Korean syllable or Escape to close its suggestions. */

const COMPOSING_KEY_CODE = 229;

/** Whether a key belongs to an input method. Safari reports the Enter that ends a composition after `compositionend`, with
 * the key code 229 and `isComposing` false. Source: UI Events, "Legacy Key Attributes". */
export function isComposing(event: Pick<KeyboardEvent, "isComposing" | "keyCode">): boolean {
  // eslint-disable-next-line @typescript-eslint/no-deprecated -- no other attribute tells it in Safari
  return event.isComposing || event.keyCode === COMPOSING_KEY_CODE;
}

/** Keeps the keys of input methods from every handler below `target`, those of libraries included. Call it with the window
 * before anything else listens there. The input method still receives them. */
export function hideComposingKeys(target: EventTarget): void {
  for (const type of ["keydown", "keyup"]) {
    target.addEventListener(
      type,
      (event) => {
        if (isComposing(event as KeyboardEvent)) event.stopImmediatePropagation();
      },
      { capture: true },
    );
  }
}
