import { useMemo } from "react";
import { HostApi } from "@/lib/api/host-api";
import { useServices } from "./services-context";

/** The calls of hosts, for parts that are loaded lazily. */
export function useHostApi(): HostApi {
  const { api } = useServices();
  return useMemo(() => new HostApi(api), [api]);
}
