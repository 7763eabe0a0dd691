import { createContext, use, useSyncExternalStore } from "react";
import type { ChatApi } from "@/lib/api/chat-api";
import type { AppVersion } from "@/lib/app-version";
import type { Clock } from "@/lib/clock";
import type { Composers } from "@/lib/composer/composers";
import type { Author, Config } from "@/lib/contract/types";
import type { Device } from "@/lib/device";
import type { LanguageSwitch } from "@/lib/i18n/language-switch";
import type { NetworkReturn } from "@/lib/network-return";
import type { LocalTimeStore } from "@/lib/local-time";
import type { Outbox } from "@/lib/outbox/outbox";
import type { IgnoredPeople } from "@/lib/people/ignored-people";
import type { ReadingPaceChoice } from "@/lib/reading-pace";
import type { ReadCountsStore } from "@/lib/rooms/read-counts-store";
import type { SecretLink } from "@/lib/secret-link";
import type { SessionState, SessionStore } from "@/lib/session/session-store";
import type { OpenNotify } from "@/lib/stream/notify-stream";
import type { OpenStream } from "@/lib/stream/room-stream";
import type { Queries } from "./queries";

/** The services that the app creates once, at the start. */
export interface Services {
  readonly api: ChatApi;
  /** Whether calls of `api` have the rights of the operator. */
  readonly isOperator: boolean;
  readonly config: () => Promise<Config>;
  readonly openStream: OpenStream;
  readonly openNotify: OpenNotify;
  readonly outbox: Outbox;
  readonly composers: Composers;
  readonly session: SessionStore;
  readonly network: NetworkReturn;
  /** The cache of fetched data, loaded with the first lazy part. */
  readonly queries: () => Promise<Queries>;
  readonly languages: LanguageSwitch;
  readonly readCounts: ReadCountsStore;
  readonly ignored: IgnoredPeople;
  readonly readingPace: ReadingPaceChoice;
  readonly device: Device;
  readonly appVersion: AppVersion;
  readonly recoveryLink: SecretLink;
  readonly inviteLink: SecretLink;
  readonly clock: Clock;
  readonly localTime: LocalTimeStore;
}

export const ServicesContext = createContext<Services | null>(null);

export function useServices(): Services {
  const services = use(ServicesContext);
  if (services === null) throw new Error("ServicesContext is missing");
  return services;
}

export function useSession(): SessionState {
  const { session } = useServices();
  return useSyncExternalStore(session.subscribe, session.getSnapshot);
}

/** Whether the server has a newer build of the app. */
export function useIsOutdated(): boolean {
  const { appVersion } = useServices();
  return useSyncExternalStore(appVersion.subscribe, appVersion.isOutdated);
}

/** The signed-in user; null for nobody. */
export function useViewer(): Author | null {
  return useSession().viewer ?? null;
}
