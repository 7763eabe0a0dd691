import { useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
import type { Problem } from "@/lib/api/problem";
import { RoomProblemPage } from "./RoomProblemPage";

/** Shown instead of a room that cannot be opened. The lists of rooms are fetched again, because this room may have left
 * them. */
export default function RoomProblem(props: { problem: Problem; isEmbedded: boolean }) {
  const queryClient = useQueryClient();
  useEffect(() => void queryClient.invalidateQueries({ queryKey: ["rooms"] }), [queryClient]);
  return <RoomProblemPage {...props} />;
}
