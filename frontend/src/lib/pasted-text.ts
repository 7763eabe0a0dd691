import { cleaned } from "@/lib/text/allowed-characters";

interface InputEventOfField {
  readonly target: { readonly value: string };
  readonly nativeEvent: Event;
}

/** The text of a field after an input event. Pasted and dropped text is cleaned. Typed text stays as it is: a change could
 * disturb the writer or an input method. */
export function textAfterInput({ target, nativeEvent }: InputEventOfField): string {
  const isPasted = "inputType" in nativeEvent && String(nativeEvent.inputType).startsWith("insertFrom");
  return isPasted ? cleaned(target.value) : target.value;
}
