import type { CSSProperties } from "react";
import type { Author } from "@/lib/contract/types";
import { userHue } from "@/lib/people/user-appearance";
import { shownName } from "@/lib/text/shown-name";

const segmenter = new Intl.Segmenter(undefined, { granularity: "grapheme" });

/** The first letter of a name, in the colour of its person. */
export function Avatar({ user, small = false }: { user: Author; small?: boolean }) {
  const [first] = segmenter.segment(shownName(user.nickname, "?"));
  return (
    <span
      className={small ? "avatar avatar-small" : "avatar"}
      style={{ "--hue": userHue(user.id) } as CSSProperties}
      aria-hidden="true"
    >
      {first?.segment.toUpperCase() ?? "?"}
    </span>
  );
}
