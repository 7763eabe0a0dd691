import type { CSSProperties } from "react";
import { harmlessText } from "@/lib/harmless-text";
import { nicknameHue } from "@/lib/nickname-hue";

const segmenter = new Intl.Segmenter(undefined, { granularity: "grapheme" });

export function Avatar({ nickname, small = false }: { nickname: string; small?: boolean }) {
  const [first] = segmenter.segment(harmlessText(nickname).trim());
  return (
    <span
      className={small ? "avatar avatar-small" : "avatar"}
      style={{ "--hue": nicknameHue(nickname) } as CSSProperties}
      aria-hidden="true"
    >
      {first?.segment.toUpperCase() ?? "?"}
    </span>
  );
}
