import { Component, type ErrorInfo, type ReactNode } from "react";

interface ContainedProps {
  /** The value that the children draw. When it changes, they are drawn again. */
  readonly of: unknown;
  /** Drawn instead of children that throw. */
  readonly fallback: ReactNode;
  readonly onError?: () => void;
  readonly children: ReactNode;
}

interface ContainedState {
  readonly of: unknown;
  readonly isBroken: boolean;
}

/** An error boundary: children that throw are replaced by the fallback, and nothing else is affected. */
export class Contained extends Component<ContainedProps, ContainedState> {
  override state: ContainedState = { of: this.props.of, isBroken: false };

  static getDerivedStateFromError(): Partial<ContainedState> {
    return { isBroken: true };
  }

  static getDerivedStateFromProps({ of }: ContainedProps, state: ContainedState): ContainedState | null {
    return of === state.of ? null : { of, isBroken: false };
  }

  override componentDidCatch(error: Error, info: ErrorInfo): void {
    console.error(error, info.componentStack);
    this.props.onError?.();
  }

  override render(): ReactNode {
    return this.state.isBroken ? this.props.fallback : this.props.children;
  }
}
