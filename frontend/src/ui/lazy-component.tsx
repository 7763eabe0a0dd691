import {
  useCallback,
  useEffect,
  useState,
  type ComponentType,
  type FunctionComponent,
  type ReactNode,
} from "react";
import { LoadFailure } from "./LoadFailure";
import { useIsOutdated, useServices } from "./services-context";

const RETRY_MS = 5_000;

type LazyProps<Props> = Props & {
  whileLoading?: ReactNode;
  /** Removes the part, by a button of the notice. Without it there is no notice. */
  onClose?: () => void;
};

/** A component whose file is loaded when it is first drawn. If that fails, a notice says so, and it is tried again: on a
 * click, when the network returns, and after a wait. `Failure` is drawn in the place of a part that cannot be loaded. */
export function lazyComponent<Props extends object>(
  load: () => Promise<{ default: ComponentType<Props> }>,
  Failure?: ComponentType<{ onRetry: () => void }>,
): FunctionComponent<LazyProps<Props>> {
  let loaded: ComponentType<Props> | null = null;
  return function LazyPart({ whileLoading = null, ...props }) {
    const { clock, appVersion } = useServices();
    const isOutdated = useIsOutdated();
    const [Loaded, setLoaded] = useState(() => loaded);
    const [failures, setFailures] = useState(0);
    const [attempt, setAttempt] = useState(0);
    const retry = useCallback(() => setAttempt((attempts) => attempts + 1), []);

    useEffect(() => {
      if (loaded !== null) {
        setLoaded(() => loaded);
        return;
      }
      let isWanted = true;
      load().then(
        (part) => {
          loaded = part.default;
          if (isWanted) setLoaded(() => part.default);
        },
        (error: unknown) => {
          console.warn(error);
          appVersion.check();
          if (isWanted) setFailures((count) => count + 1);
        },
      );
      return () => {
        isWanted = false;
      };
    }, [attempt, appVersion]);

    const isFailed = Loaded === null && failures > 0;
    useEffect(() => {
      if (!isFailed || isOutdated) return;
      const cancel = clock.after(RETRY_MS, retry);
      window.addEventListener("online", retry);
      return () => {
        cancel();
        window.removeEventListener("online", retry);
      };
    }, [isFailed, isOutdated, failures, clock, retry]);

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
