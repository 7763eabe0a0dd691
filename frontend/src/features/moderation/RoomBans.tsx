import { BanList } from "@/features/hosts/BanList";
import { useBans } from "@/features/hosts/use-bans";

/** The bans in force in the open room. */
export const RoomBans = () => <BanList {...useBans()} />;
