/** The cache of fetched data. Only lazy parts use it, so that the first load contains no code for it. */
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import type { FunctionComponent, ReactNode } from "react";
import { shouldRetry, retryDelayMs } from "@/lib/api/retries";
import type { NetworkReturn } from "@/lib/network-return";
import { onReaderChange } from "@/lib/session/reader-change";
import type { SessionStore } from "@/lib/session/session-store";

export interface Queries {
  readonly client: QueryClient;
  /** Gives the cache to the hooks of its children. */
  readonly Provider: FunctionComponent<{ children: ReactNode }>;
}

export function createQueries(network: Pick<NetworkReturn, "subscribe">, session: SessionStore): Queries {
  const client = new QueryClient({
    defaultOptions: {
      queries: {
        retry: (failures, error) => shouldRetry(failures + 1, error),
        retryDelay: (failures, error) => retryDelayMs(failures + 1, error, Math.random),
      },
    },
  });
  // A query that waits to be retried does not see the network return.
  network.subscribe(() => {
    void client.refetchQueries({ type: "active", predicate: ({ state }) => state.fetchFailureCount > 0 });
  });
  onReaderChange(session, (former) => {
    if (former !== null) void client.resetQueries({ predicate: ({ queryKey }) => queryKey[0] !== "config" });
  });
  return {
    client,
    Provider: ({ children }) => <QueryClientProvider client={client}>{children}</QueryClientProvider>,
  };
}
