import { hashShare } from "./paced/sampling";

/** A colour for a nickname, in degrees of hue, the same for everybody. */
export function nicknameHue(nickname: string): number {
  return Math.round(hashShare(nickname.normalize("NFC")) * 360);
}
