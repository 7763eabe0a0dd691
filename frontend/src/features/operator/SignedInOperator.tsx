import { useConfig } from "@/ui/use-config";
import { OperatorLogList } from "./OperatorLogList";
import { OperatorRooms } from "./OperatorRooms";
import { ServerBans } from "./ServerBans";
import { ServerModes } from "./ServerModes";
import { useOperatorLog } from "./use-operator-log";
import { useOperatorRooms } from "./use-operator-rooms";
import { useServerBans } from "./use-server-bans";

/** Modes, bans from all rooms, rooms, and the log. */
export function SignedInOperator() {
  const config = useConfig();
  const bans = useServerBans();
  const rooms = useOperatorRooms();
  const log = useOperatorLog();
  return (
    <>
      {config !== undefined && <ServerModes sessions={config.sessions} roomCreation={config.room_creation} />}
      <ServerBans {...bans} />
      <OperatorRooms {...rooms} />
      <OperatorLogList {...log} />
    </>
  );
}
