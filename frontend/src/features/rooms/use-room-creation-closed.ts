import { useConfig } from "@/ui/use-config";

/** Why this reader cannot create a room under the settings of the server; null if they can. */
export function useRoomCreationClosed(needsNickname: boolean): "operator" | "identity" | "closed" | null {
  const config = useConfig();
  if (config?.room_creation === "operator") return "operator";
  const mode = config?.sessions ?? "open";
  return needsNickname && mode !== "open" ? mode : null;
}
