import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { v4 as uuid } from "uuid";
import { errorMessage } from "@/lib/api/error-message";
import type { Invite, InviteTerms } from "@/lib/contract/types";
import { useOpenRoom } from "@/ui/room-context";
import { useHostApi } from "@/ui/use-host-api";
import { useLocalTime } from "@/ui/use-local-time";
import { useRole } from "@/ui/use-role";
import { useHostCall } from "./use-host-call";

const FIRST_TERMS: InviteTerms = { role: "member", expires_in_s: 604_800, max_uses: 1 };

export interface ShownInvite {
  readonly id: string;
  readonly isOfModerator: boolean;
  readonly usesLeft: number;
  /** When it expires, in the reader's language and time zone. */
  readonly expiry: string;
  /** False for moderators: only the owner invites them. */
  readonly mayEnd: boolean;
}

export interface Invites {
  /** The open invites; undefined while they load. */
  readonly invites: readonly ShownInvite[] | undefined;
  readonly terms: InviteTerms;
  readonly setTerms: (terms: InviteTerms) => void;
  readonly mayInviteModerators: boolean;
  /** The link of the invite that was just made; it is not shown again. */
  readonly url: string | null;
  readonly isMaking: boolean;
  readonly refusal: string | null;
  readonly make: () => void;
  readonly end: (invite: ShownInvite) => void;
}

/** The invites of the open room. */
export function useInvites(): Invites {
  const { t } = useTranslation("hosts");
  const { t: words } = useTranslation();
  const api = useHostApi();
  const { roomId } = useOpenRoom();
  const localTime = useLocalTime();
  const queryClient = useQueryClient();
  const isOwner = useRole() === "owner";
  const { refusal, isCalling, run } = useHostCall();
  const [terms, setTerms] = useState(FIRST_TERMS);
  // One key for each invite, so that a repeated attempt after a lost response makes no second one.
  const [key, setKey] = useState(() => uuid());
  const [url, setUrl] = useState<string | null>(null);
  const queryKey = ["invites", roomId];
  const { data, error } = useQuery({ queryKey, queryFn: () => api.invites(roomId), gcTime: 0 });
  const refetch = () => queryClient.invalidateQueries({ queryKey });
  const shown = ({ id, role, uses_left, expires_at }: Invite): ShownInvite => ({
    id,
    isOfModerator: role === "moderator",
    usesLeft: uses_left,
    expiry: localTime.exactTime(expires_at),
    mayEnd: isOwner || role !== "moderator",
  });
  return {
    invites: data?.invites.map(shown),
    terms,
    setTerms: (changed) => {
      setTerms(changed);
      setKey(uuid());
    },
    mayInviteModerators: isOwner,
    url,
    isMaking: isCalling,
    refusal: refusal ?? (error === null ? null : errorMessage(words, error, t("callFailed"))),
    make: () =>
      run(async () => {
        const made = await api.makeInvite(roomId, terms, key);
        setUrl(made.url);
        setKey(uuid());
        await refetch();
      }),
    end: ({ id }) =>
      run(async () => {
        await api.endInvite(roomId, id);
        await refetch();
      }),
  };
}
