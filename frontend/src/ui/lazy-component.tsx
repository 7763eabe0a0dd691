import { useEffect, useState, type ComponentType, type FunctionComponent, type ReactNode } from "react";

type LazyProps<Props> = Props & { whileLoading?: ReactNode };

/** A component whose file is loaded when it is first drawn. Unlike React's lazy, a failed load is retried the next time;
 * until then the component throws, for the error boundary around it. */
export function lazyComponent<Props extends object>(
  load: () => Promise<{ default: ComponentType<Props> }>,
): FunctionComponent<LazyProps<Props>> {
  let loaded: ComponentType<Props> | null = null;
  return function Part({ whileLoading = null, ...props }) {
    const [Loaded, setLoaded] = useState(() => loaded);
    const [failure, setFailure] = useState<{ error: unknown } | null>(null);
    useEffect(() => {
      if (loaded !== null) return;
      load().then(
        (made) => {
          loaded = made.default;
          setLoaded(() => made.default);
        },
        (error: unknown) => setFailure({ error }),
      );
    }, []);
    if (failure !== null) throw failure.error;
    return Loaded === null ? whileLoading : <Loaded {...(props as unknown as Props)} />;
  };
}
