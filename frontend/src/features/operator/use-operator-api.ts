import { useMemo } from "react";
import { OperatorApi } from "@/lib/api/operator-api";
import { useServices } from "@/ui/services-context";

/** The calls of the operator. */
export function useOperatorApi(): OperatorApi {
  const { api } = useServices();
  return useMemo(() => new OperatorApi(api), [api]);
}
