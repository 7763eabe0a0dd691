import { useState, type ReactNode } from "react";
import { BrokenPart } from "./BrokenPart";
import { ErrorBoundary } from "./ErrorBoundary";

/** An error boundary with a retry, around one part of the app: the other parts stay as they are. */
export function RetryBoundary({ children }: { children: ReactNode }) {
  const [attempt, setAttempt] = useState(0);
  return (
    <ErrorBoundary resetKey={attempt} fallback={<BrokenPart onRetry={() => setAttempt(attempt + 1)} />}>
      {children}
    </ErrorBoundary>
  );
}
