import "uplot/dist/uPlot.min.css";
import { LiveState } from "./LiveState";
import { ProcessTable } from "./ProcessTable";
import { RateCharts } from "./RateCharts";
import { RoomRules } from "./RoomRules";
import { RoomTable } from "./RoomTable";
import { StoreTable } from "./StoreTable";
import { useControlRoom } from "./use-control-room";
import { useFigures } from "./use-figures";
import { useRoomsByHeat } from "./use-rooms-by-heat";
import { useSecondsSince } from "./use-seconds-since";

/** What happens on the server now: rooms by heat, rates, processes and stores. */
export default function LiveView() {
  const { snapshot, history, receivedAtMs, isLive } = useControlRoom();
  const rooms = useRoomsByHeat(snapshot);
  const figures = useFigures();
  const secondsOld = useSecondsSince(isLive ? null : receivedAtMs);
  return (
    <>
      <LiveState
        isLive={isLive}
        staleSeconds={receivedAtMs === null ? null : secondsOld}
        snapshot={snapshot}
      />
      {snapshot !== null && (
        <>
          <RoomTable {...rooms} figures={figures} />
          {rooms.changed !== null && <RoomRules room={rooms.changed} onClose={() => rooms.change(null)} />}
          <RateCharts history={history} rates={snapshot.rates} figures={figures} />
          <ProcessTable processes={snapshot.processes} figures={figures} />
          <StoreTable stores={snapshot.stores} outbox={snapshot.outbox} figures={figures} />
        </>
      )}
    </>
  );
}
