/** How long the operator exempts an address. The servers refuse other numbers. */
export const EXEMPTION_HOURS = { min: 1, max: 72 } as const;

/** Hours that the form offers; others can be typed. */
export const OFFERED_HOURS = [1, 4, 12, 24, 72] as const;

/** An evening's show. */
export const USUAL_HOURS = 4;
