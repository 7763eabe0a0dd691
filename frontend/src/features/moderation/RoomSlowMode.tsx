import { SlowModeChoice } from "@/features/settings/SlowModeChoice";
import { useSlowModeSetting } from "@/features/settings/use-slow-mode-setting";

/** The slow mode of the open room. */
export const RoomSlowMode = () => <SlowModeChoice {...useSlowModeSetting()} />;
