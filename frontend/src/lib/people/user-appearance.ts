/** The colour and tag of a person, derived from their id, so that they are the same for every reader. Pure. */

const TAG_LETTERS = "23456789abcdefghjkmnpqrstuvwxyz"; // without letters that look alike
const TAG_LENGTH = 4;

/** FNV-1a of the text as a share in [0, 1). */
function hashShare(text: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index += 1) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  }
  // Similar ids differ only in their last characters and would hash close together: mix once more.
  hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
  return ((hash ^ (hash >>> 13)) >>> 0) / 2 ** 32;
}

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
