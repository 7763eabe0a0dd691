import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { useHostCall } from "@/features/hosts/use-host-call";
import { errorMessage } from "@/lib/api/error-message";
import type { Author } from "@/lib/contract/types";
import { personInSentence, personNameInSentence } from "@/lib/people/person-name";
import { outranks, roleIn } from "@/lib/people/roles";
import { knownSinceMs } from "@/lib/people/user-age";
import { useOpenRoom, useRoomScreen } from "@/ui/room-context";
import { useHostApi } from "@/ui/use-host-api";
import { useLocalTime } from "@/ui/use-local-time";
import { useRole } from "@/ui/use-role";
import type { PersonFactsProps } from "./PersonFacts";

const MESSAGES_SHOWN = 20;

/** The facts of a person's card. */
export function usePerson(
  person: Author,
  onShow: (seq: number) => void,
  onClose: () => void,
): PersonFactsProps & { readonly title: string } {
  const { t } = useTranslation("hosts");
  const { t: words } = useTranslation();
  const api = useHostApi();
  const queryClient = useQueryClient();
  const { roomId, view, askToBan } = useOpenRoom();
  const { room } = useRoomScreen(view).feed;
  const localTime = useLocalTime();
  const ownRole = useRole();
  const call = useHostCall();
  const { data: ban, error } = useQuery({
    queryKey: ["bans", roomId, person.id],
    queryFn: () => api.banOf(roomId, person.id),
    gcTime: 0, // the next card shows the current state
  });

  const role = roleIn(room, person.id);
  const sinceMs = knownSinceMs(person.id);
  const since = sinceMs === null ? null : localTime.exactTime(new Date(sinceMs).toISOString());
  const messages = (room?.messages ?? []).filter(
    ({ author, deleted }) => author.id === person.id && !deleted,
  );
  const banWords = () => {
    if (ban === undefined) return null;
    if (ban === null) return t("person.notBanned");
    const { until, actor } = ban;
    return t("person.banned", {
      until: until === null ? t("ban.forGood") : t("bans.until", { time: localTime.exactTime(until) }),
      host: actor === null ? t("operator") : personNameInSentence(words, actor),
    });
  };
  const lift = () =>
    call.run(async () => {
      await api.liftBan(roomId, person.id);
      await queryClient.invalidateQueries({ queryKey: ["bans", roomId] });
    });
  return {
    title: personInSentence(words, person),
    about: [
      role === "guest" ? null : words(`role.${role}`),
      since === null ? t("person.sinceUnknown") : t("person.since", { time: since }),
    ]
      .filter((part) => part !== null)
      .join(" · "),
    banWords: banWords(),
    banReason: ban?.reason ?? null,
    refusal: call.refusal ?? (error === null ? null : errorMessage(words, error, t("bans.failed"))),
    onBan: outranks(ownRole, role)
      ? () => {
          onClose();
          askToBan({ author: person, scope: "author" });
        }
      : undefined,
    onLift: ban == null ? undefined : lift,
    messagesWords: t("ban.loaded", { count: messages.length }),
    messages: messages
      .slice(-MESSAGES_SHOWN)
      .map(({ id, seq, created_at, text }) => ({
        id,
        time: localTime.exactTime(created_at),
        text,
        onShow: () => {
          onClose();
          onShow(seq);
        },
      }))
      .reverse(),
  };
}
