import { expect, it } from "vitest";
import openapi from "../../openapi.json";
import { EXEMPTION_HOURS, OFFERED_HOURS, USUAL_HOURS } from "@/lib/operator/exemption-hours";

it("has the bounds of the contract, and offers hours within them", () => {
  const { minimum, maximum } = openapi.components.schemas.ExemptionRequest.properties.hours;
  expect(EXEMPTION_HOURS).toEqual({ min: minimum, max: maximum });
  expect(Math.min(...OFFERED_HOURS)).toBeGreaterThanOrEqual(minimum);
  expect(Math.max(...OFFERED_HOURS)).toBeLessThanOrEqual(maximum);
  expect(OFFERED_HOURS).toContain(USUAL_HOURS);
});
