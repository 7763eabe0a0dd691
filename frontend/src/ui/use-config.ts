import { useQuery } from "@tanstack/react-query";
import type { Config } from "@/lib/contract/types";
import { useServices } from "./services-context";

/** The configuration of the server, which is read once; undefined until it is there. For lazy parts. */
export function useConfig(): Config | undefined {
  const { config } = useServices();
  return useQuery({ queryKey: ["config"], queryFn: config, staleTime: Infinity }).data;
}
