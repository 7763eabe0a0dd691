import { useConfig } from "@/ui/use-config";

/** Why the settings of the server let this reader make no room; null if they do. */
export function useRoomCreationClosed(needsNickname: boolean): "operator" | "identity" | "closed" | null {
  const config = useConfig();
  if (config?.room_creation === "operator") return "operator";
  const mode = config?.sessions ?? "open";
  return needsNickname && mode !== "open" ? mode : null;
}
