/** Which messages of a busy room are shown, so that a person can follow. Pure, and the same for every reader: it depends
 * only on message ids and times. */
import type { Message } from "@/lib/contract/types";

export const ROWS_PER_S = 6;

/** Message counts per whole second of the messages' own time. */
export interface Crowd {
  readonly second: number;
  readonly inSecond: number;
  readonly inSecondBefore: number;
  /** Messages of this second in the common sample, and how many of them this tab shows. */
  readonly inSample: number;
  readonly shownOfSample: number;
}

export const NO_CROWD: Crowd = {
  second: 0,
  inSecond: 0,
  inSecondBefore: 0,
  inSample: 0,
  shownOfSample: 0,
};

/** FNV-1a of the text as a share in [0, 1). */
export function hashShare(text: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index += 1) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  }
  // Similar ids differ only in their last characters and would hash close together: mix once more.
  hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
  return ((hash ^ (hash >>> 13)) >>> 0) / 2 ** 32;
}

/** The share to show, in powers of two, so that readers with slightly different counts mostly agree. */
export function shareToShow(messagesPerS: number, rowsPerS: number): number {
  return messagesPerS <= rowsPerS ? 1 : 2 ** -Math.ceil(Math.log2(messagesPerS / rowsPerS));
}

/** Whether a message gets a row; `mustShow` messages always do. The sample is the same for every reader: `mustShow` does
 * not change it, and a tab with fewer rows per second shows a subset. */
export function admit(
  crowd: Crowd,
  message: Message,
  mustShow: boolean,
  rowsPerS: number = ROWS_PER_S,
): { crowd: Crowd; shown: boolean } {
  const next = count(crowd, Date.parse(message.created_at));
  const messagesPerS = Math.max(next.inSecond, next.inSecondBefore);
  const share = hashShare(message.id);
  const inSample = next.inSample < ROWS_PER_S && share < shareToShow(messagesPerS, ROWS_PER_S);
  const fits = next.shownOfSample < rowsPerS && share < shareToShow(messagesPerS, rowsPerS);
  return {
    crowd: {
      ...next,
      inSample: next.inSample + Number(inSample),
      shownOfSample: next.shownOfSample + Number(inSample && fits),
    },
    shown: mustShow || (inSample && fits),
  };
}

function count(crowd: Crowd, createdAtMs: number): Crowd {
  const second = Math.floor(createdAtMs / 1_000);
  if (second <= crowd.second) return { ...crowd, inSecond: crowd.inSecond + 1 };
  const inSecondBefore = second === crowd.second + 1 ? crowd.inSecond : 0;
  return { second, inSecond: 1, inSecondBefore, inSample: 0, shownOfSample: 0 };
}
