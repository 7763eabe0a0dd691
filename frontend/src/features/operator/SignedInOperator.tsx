import { useConfig } from "@/ui/use-config";
import { lazyComponent } from "@/ui/lazy-component";
import { Exemptions } from "./exemptions/Exemptions";
import { useExemptions } from "./exemptions/use-exemptions";
import { OperatorLogList } from "./OperatorLogList";
import { OperatorRooms } from "./OperatorRooms";
import { ServerBans } from "./ServerBans";
import { ServerModes } from "./ServerModes";
import { HeatSettings } from "./settings/HeatSettings";
import { useHeatSettings } from "./settings/use-heat-settings";
import { useOperatorLog } from "./use-operator-log";
import { useOperatorRooms } from "./use-operator-rooms";
import { useServerBans } from "./use-server-bans";

/** Apart from the rest, which works without the code of the charts. */
const LiveView = lazyComponent(() => import("./live/LiveView"));

/** The sections of the control room. */
export function SignedInOperator() {
  const config = useConfig();
  const bans = useServerBans();
  const rooms = useOperatorRooms();
  const settings = useHeatSettings();
  const exemptions = useExemptions();
  const log = useOperatorLog();
  return (
    <>
      <LiveView />
      {config !== undefined && <ServerModes sessions={config.sessions} roomCreation={config.room_creation} />}
      <OperatorRooms {...rooms} />
      <HeatSettings {...settings} />
      <Exemptions {...exemptions} />
      <ServerBans {...bans} />
      <OperatorLogList {...log} />
    </>
  );
}
