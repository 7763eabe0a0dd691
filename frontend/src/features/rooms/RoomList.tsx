import { ErrorBoundary } from "@/ui/ErrorBoundary";
import { lazyComponent } from "@/ui/lazy-component";
import { RoomListPanel } from "./RoomListPanel";
import { useRoomList } from "./use-room-list";

const CreateRoom = lazyComponent(() => import("./CreateRoom"));

interface RoomListProps {
  /** Called when the reader opens a room. */
  onPicked?: () => void;
}

/** The list of rooms, and the dialog that creates one. RoomListPanel renders the list. */
export default function RoomList({ onPicked }: RoomListProps) {
  const list = useRoomList();
  const { createDialog, setCreateDialog } = list;
  return (
    <RoomListPanel list={list} onPicked={onPicked}>
      {createDialog === "open" && (
        <ErrorBoundary resetKey={createDialog} fallback={null} onError={() => setCreateDialog("failed")}>
          <CreateRoom onClose={() => setCreateDialog("closed")} />
        </ErrorBoundary>
      )}
    </RoomListPanel>
  );
}
