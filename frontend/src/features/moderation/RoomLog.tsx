import { HostLog } from "@/features/hosts/HostLog";
import { useLog } from "@/features/hosts/use-log";

/** The log of the open room. */
export const RoomLog = () => <HostLog {...useLog(true)} />;
