import type { Author } from "@/lib/contract/types";
import { userTag } from "@/lib/people/user-appearance";
import { UntaggedName } from "@/ui/user-text/UntaggedName";
import * as css from "./hosts.module.css";

/** A person's name, always with the tag that distinguishes people of the same name. */
export function PersonWithTag({ of }: { of: Author }) {
  return (
    <>
      <UntaggedName of={of} className="nickname" />
      <span className={css.tag}>{` #${userTag(of.id)}`}</span>
    </>
  );
}
