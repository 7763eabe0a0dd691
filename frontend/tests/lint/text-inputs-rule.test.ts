import { expect, it } from "vitest";
import { textInputs } from "../../eslint-rules/text-inputs.js";
import { complaintsOf } from "../support/restricted-syntax";

const complaints = complaintsOf(...textInputs);

it.each([
  "<input onChange={(event) => setName(event.target.value)} />;",
  "<input type='search' onChange={({ currentTarget }) => setWords(event.currentTarget.value)} />;",
  "<textarea onInput={(event) => setText(event.target.value)} />;",
  "<input onKeyDown={(event) => event.nativeEvent.isComposing || send()} />;",
  "<textarea onCompositionEnd={send} />;",
  "const pressed = (event) => event.keyCode === 229;",
])("a text field that handles its text or an input method itself fails the lint: %s", (code) => {
  expect(complaints(code)).toBe(1);
});

it.each([
  "<input onChange={(event) => setName(textAfterInput(event))} />;",
  "<input type='checkbox' value='a' onChange={(event) => choose(event.target.value)} />;",
  "<select onChange={(event) => choose(event.target.value)} />;",
  "<textarea onKeyDown={(event) => event.key === 'Enter' && send()} />;",
])("other fields pass the lint: %s", (code) => {
  expect(complaints(code)).toBe(0);
});
