/** How a person looks, from their id: the same for everybody, whatever name they take. Pure. */
import { hashShare } from "@/lib/room-view/sampling";

const TAG_LETTERS = "23456789abcdefghjkmnpqrstuvwxyz"; // none that are taken for another
const TAG_LENGTH = 4;

/** A colour, in degrees of hue. */
export const userHue = (userId: string): number => Math.round(hashShare(userId) * 360);

/** A short tag that tells apart two people of one name. */
export function userTag(userId: string): string {
  let rest = Math.floor(hashShare(`tag ${userId}`) * TAG_LETTERS.length ** TAG_LENGTH);
  let tag = "";
  for (let place = 0; place < TAG_LENGTH; place += 1) {
    tag += TAG_LETTERS.charAt(rest % TAG_LETTERS.length);
    rest = Math.floor(rest / TAG_LETTERS.length);
  }
  return tag;
}
