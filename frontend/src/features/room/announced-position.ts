const STEPS = [1, 2, 5, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000];

/** The position in line as it is announced: rounded up, so that a screen reader is not interrupted at each step. Pure. */
export const announcedPosition = (position: number): number =>
  STEPS.find((step) => position <= step) ?? Math.ceil(position / 10_000) * 10_000;
