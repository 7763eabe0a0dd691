import { useTranslation } from "react-i18next";
import { nameInSentence } from "@/lib/text/shown-name";
import { ModalDialog } from "@/ui/ModalDialog";
import { useOpenRoom } from "@/ui/room-context";
import { useLocalTime } from "@/ui/use-local-time";
import { MessageSearch } from "./MessageSearch";
import { useSearch } from "./use-search";

/** Searches all messages of the room. A click on a result scrolls to its message. */
export default function SearchDialog({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation();
  const { roomId, feed, jumpTo } = useOpenRoom();
  const { exactTime } = useLocalTime();
  const search = useSearch();
  const room = nameInSentence(feed.getSnapshot().room?.name ?? roomId, t("room.untitled"));
  return (
    <ModalDialog title={t("search.title", { room })} isWide onClose={onClose}>
      <MessageSearch
        search={search}
        exactTime={exactTime}
        onOpen={(message) => {
          jumpTo(message.seq);
          onClose();
        }}
      />
    </ModalDialog>
  );
}
