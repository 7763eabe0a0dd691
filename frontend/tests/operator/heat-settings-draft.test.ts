import { expect, it } from "vitest";
import openapi from "../../openapi.json";
import type { HeatSettings } from "@/lib/contract/types";
import {
  BOUNDS,
  changesOf,
  CHOICES,
  draftAfter,
  isChoice,
  SETTING_NAMES,
  type Bounds,
  type SettingName,
} from "@/lib/operator/heat-settings-draft";

const number = (value: number, source: "default" | "environment" | "operator" = "default") => ({
  value,
  default: value,
  environment: value,
  source,
  setting: "",
});
const IN_FORCE: HeatSettings = {
  enter_per_s: number(5_000),
  exit_ratio: number(0.7),
  calm_ticks: number(3),
  mode: { value: "enforce", default: "enforce", environment: "enforce", source: "default", setting: "" },
  strategy: {
    value: "adaptive",
    default: "adaptive",
    environment: "adaptive",
    source: "default",
    setting: "",
  },
  fetch_per_client_per_s: number(1),
  fetch_burst: number(5, "operator"),
  warnings: [],
};

it("changes only what differs from the values in force", () => {
  const draft = { enter_per_s: " 3000 ", exit_ratio: "0.70", mode: "shadow", strategy: "adaptive" };
  expect(changesOf(draft, IN_FORCE)).toEqual({ patch: { enter_per_s: 3_000, mode: "shadow" }, problems: {} });
  expect(changesOf({}, IN_FORCE)).toEqual({ patch: {}, problems: {} });
});

it("keeps what was changed while the draft was saved", () => {
  const saved = { enter_per_s: "3000", mode: "shadow", fetch_burst: null };
  const draft = { ...saved, enter_per_s: "30001", calm_ticks: "4" };
  expect(draftAfter(saved, draft)).toEqual({ enter_per_s: "30001", calm_ticks: "4" });
  expect(draftAfter(saved, saved)).toEqual({});
});

it("returns to the environment's value only where the operator has overridden it", () => {
  expect(changesOf({ fetch_burst: null, calm_ticks: null }, IN_FORCE).patch).toEqual({ fetch_burst: null });
});

it.each([
  ["enter_per_s", "", "notANumber"],
  ["enter_per_s", "many", "notANumber"],
  ["enter_per_s", "1e400", "notANumber"],
  ["enter_per_s", "0", "outOfBounds"],
  ["enter_per_s", "1000000001", "outOfBounds"],
  ["exit_ratio", "1.01", "outOfBounds"],
  ["calm_ticks", "1.5", "notWhole"],
  ["calm_ticks", "0", "outOfBounds"],
  ["fetch_per_client_per_s", "0.0009", "outOfBounds"],
] as const)("%s does not take %j", (name, typed, problem) => {
  expect(changesOf({ [name]: typed }, IN_FORCE)).toEqual({ patch: {}, problems: { [name]: problem } });
});

it.each([
  ["exit_ratio", "1"],
  ["fetch_per_client_per_s", "0.001"],
  ["calm_ticks", "86400"],
] as const)("%s takes %j", (name, typed) => {
  expect(changesOf({ [name]: typed }, IN_FORCE)).toEqual({ patch: { [name]: Number(typed) }, problems: {} });
});

it("knows every setting of the servers, and their bounds and choices", () => {
  const { reason, ...properties } = openapi.components.schemas.HeatSettingsPatch.properties;
  expect(reason).toBeDefined();
  expect([...SETTING_NAMES].sort()).toEqual(Object.keys(properties).sort());
  for (const name of SETTING_NAMES) expect([name, schemaOf(name)]).toEqual([name, properties[name].anyOf[0]]);
});

function schemaOf(name: SettingName): object {
  if (isChoice(name)) return { enum: CHOICES[name], type: "string" };
  const { min, max, isAboveMin, isWhole }: Bounds = BOUNDS[name];
  return {
    [isAboveMin === true ? "exclusiveMinimum" : "minimum"]: min,
    maximum: max,
    type: isWhole === true ? "integer" : "number",
  };
}
