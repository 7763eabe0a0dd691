/** Open a stream once its prerequisites are ready. The returned function closes the stream, or ends the wait for it. */
export function openWhenReady<T>(
  ready: Promise<T>,
  open: (value: T) => () => void,
  failed: (error: unknown) => void,
): () => void {
  let isWanted = true;
  let close = () => {
    isWanted = false;
  };
  ready.then(
    (value) => {
      if (isWanted) close = open(value);
    },
    (error: unknown) => {
      if (isWanted) failed(error);
    },
  );
  return () => close();
}
