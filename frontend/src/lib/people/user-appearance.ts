/** The colour and tag of a person, derived from their id, so that they are the same for every reader. Pure. */
import { hashShare } from "@/lib/room-view/sampling";

const TAG_LETTERS = "23456789abcdefghjkmnpqrstuvwxyz"; // without letters that look alike
const TAG_LENGTH = 4;

/** A colour, in degrees of hue. */
export const userHue = (userId: string): number => Math.round(hashShare(userId) * 360);

/** A short tag that distinguishes two people with the same nickname. */
export function userTag(userId: string): string {
  let rest = Math.floor(hashShare(`tag ${userId}`) * TAG_LETTERS.length ** TAG_LENGTH);
  let tag = "";
  for (let place = 0; place < TAG_LENGTH; place += 1) {
    tag += TAG_LETTERS.charAt(rest % TAG_LETTERS.length);
    rest = Math.floor(rest / TAG_LETTERS.length);
  }
  return tag;
}
