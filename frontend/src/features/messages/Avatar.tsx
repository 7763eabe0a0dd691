import type { CSSProperties } from "react";
import { useTranslation } from "react-i18next";
import type { Author } from "@/lib/contract/types";
import { personName } from "@/lib/people/person-name";
import { userHue } from "@/lib/people/user-appearance";
import { initialOf } from "@/lib/text/shown-name";
import * as css from "./messages.module.css";

/** The first letter of a nickname, in the colour of its user. */
export function Avatar({ user }: { user: Author }) {
  const initial = initialOf(personName(useTranslation().t, user));
  return (
    <span
      className={css.avatar}
      style={{ "--hue": userHue(user.id) } as CSSProperties}
      data-testid="avatar"
      aria-hidden="true"
    >
      {initial}
    </span>
  );
}
