import { createContext, use, useEffect, useSyncExternalStore } from "react";
import { useTranslation } from "react-i18next";
import type { Author } from "@/lib/contract/types";
import { DuplicateNicknames } from "@/lib/people/duplicate-nicknames";
import { personName } from "@/lib/people/person-name";
import { userTag } from "@/lib/people/user-appearance";

/** The nicknames observed in the open room. */
export const DuplicateNicknamesContext = createContext(new DuplicateNicknames());

interface ShownPerson {
  readonly name: string;
  /** Null until a second person with this nickname has been observed. */
  readonly tag: string | null;
}

/** A person's name, and the tag that distinguishes two people with the same nickname. */
export function useShownPerson(person: Author): ShownPerson {
  const { id, nickname } = person;
  const { t } = useTranslation();
  const seen = use(DuplicateNicknamesContext);
  useEffect(() => seen.observe(id, nickname), [seen, id, nickname]);
  const isDuplicate = useSyncExternalStore(seen.subscribe, () => seen.isDuplicate(nickname));
  return { name: personName(t, person), tag: isDuplicate ? userTag(id) : null };
}
