import {
  useCallback,
  useEffect,
  useRef,
  useState,
  type ComponentType,
  type FunctionComponent,
  type ReactNode,
} from "react";
import { loadWithRetries, type LoadWithRetries } from "@/lib/load-with-retries";
import { LoadFailure } from "./LoadFailure";
import type { Queries } from "./queries";
import { useIsOutdated, useServices } from "./services-context";

type LazyProps<Props> = Props & {
  whileLoading?: ReactNode;
  /** Removes the part, by a button of the notice. Without it there is no notice. */
  onClose?: () => void;
};

/** A component whose file is loaded when it is first drawn, with the sentences and the query cache of lazy parts. If that
 * fails, a notice says so. The load is retried on a click, when the network returns, and a few times after a wait.
 * `Failure` is drawn instead of a part that cannot be loaded. */
export function lazyComponent<Props extends object>(
  load: () => Promise<{ default: ComponentType<Props> }>,
  Failure?: ComponentType<{ onRetry: () => void }>,
): FunctionComponent<LazyProps<Props>> {
  let loaded: ComponentType<Props> | null = null;
  return function LazyPart({ whileLoading = null, ...props }) {
    const { network, appVersion, queries } = useServices();
    const isOutdated = useIsOutdated();
    const [Loaded, setLoaded] = useState(() => loaded);
    const [isFailed, setIsFailed] = useState(false);
    const loading = useRef<LoadWithRetries>(null);
    const retry = useCallback(() => loading.current?.retry(), []);

    useEffect(() => {
      if (loaded !== null) {
        setLoaded(() => loaded);
        return;
      }
      const started = loadWithRetries({
        load: async () => {
          await effectsHaveRun();
          const [part, { Provider }] = await Promise.all([
            load(),
            queries(),
            import("@/lib/i18n/lazy-translations"),
          ]);
          return (loaded = withQueries(part.default, Provider));
        },
        onLoaded: (part) => setLoaded(() => part),
        onFailure: (error) => {
          console.warn(error);
          appVersion.check();
          setIsFailed(true);
        },
        mayRetry: () => !appVersion.isOutdated(),
        network,
        random: Math.random,
      });
      loading.current = started;
      return started.stop;
    }, [network, appVersion, queries]);

    if (Loaded !== null) return <Loaded {...(props as unknown as Props)} />;
    return (
      <>
        {whileLoading}
        {isFailed && Failure !== undefined && <Failure onRetry={retry} />}
        {isFailed && props.onClose !== undefined && (
          <LoadFailure isOutdated={isOutdated} onRetry={retry} onClose={props.onClose} />
        )}
      </>
    );
  };
}

/** Lets the other effects of this commit send their requests first. Browsers open six connections to a server without HTTP/2,
 * and the room's messages must not wait behind the files of lazy parts. */
const effectsHaveRun = (): Promise<void> =>
  new Promise((resolve) => {
    setTimeout(resolve);
  });

const withQueries = <Props extends object>(
  Part: ComponentType<Props>,
  Provider: Queries["Provider"],
): ComponentType<Props> =>
  function PartWithQueries(props) {
    return (
      <Provider>
        <Part {...props} />
      </Provider>
    );
  };
