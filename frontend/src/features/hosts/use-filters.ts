import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { errorMessage } from "@/lib/api/error-message";
import type { Filters } from "@/lib/contract/types";
import { useOpenRoom } from "@/ui/room-context";
import { useHostApi } from "@/ui/use-host-api";

interface LoadedFilters {
  /** Undefined while they load. */
  readonly filters: Filters | undefined;
  /** Why they cannot be loaded. */
  readonly refusal: string | null;
}

/** The filters of the open room when the panel is opened. */
export function useFilters(): LoadedFilters {
  const { t } = useTranslation("hosts");
  const { t: words } = useTranslation();
  const api = useHostApi();
  const { roomId } = useOpenRoom();
  const { data, error } = useQuery({
    queryKey: ["filters", roomId],
    queryFn: () => api.filters(roomId),
    staleTime: Infinity, // a refetch must not replace what the host is typing
    gcTime: 0, // the next opening of the panel shows the current state
  });
  return {
    filters: data,
    refusal: error === null ? null : errorMessage(words, error, t("filters.failed")),
  };
}
