/** Posts a second that slow mode `auto` aims at when it is chosen: the calm reading pace shows as many rows at most. */
export const DEFAULT_TARGET_PER_S = 3;
