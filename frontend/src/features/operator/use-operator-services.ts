import { useQueryClient } from "@tanstack/react-query";
import { useMemo } from "react";
import { asOperator } from "@/lib/api/operator-api";
import { useServices, type Services } from "@/ui/services-context";

/** The services of the app, whose calls have the rights of the operator. */
export function useOperatorServices(): Services {
  const services = useServices();
  const queryClient = useQueryClient();
  return useMemo(() => {
    const checkSession = () => void queryClient.invalidateQueries({ queryKey: ["operator", "session"] });
    return { ...services, api: asOperator(services.api, checkSession), isOperator: true };
  }, [services, queryClient]);
}
