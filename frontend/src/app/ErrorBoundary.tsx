import { Component, type ErrorInfo, type ReactNode } from "react";
import { useTranslation } from "react-i18next";

/** No blank page: what broke is said, and drafts and unsent messages are kept where they are stored. */
export class ErrorBoundary extends Component<{ children: ReactNode }, { isBroken: boolean }> {
  override state = { isBroken: false };

  static getDerivedStateFromError(): { isBroken: boolean } {
    return { isBroken: true };
  }

  override componentDidCatch(error: Error, info: ErrorInfo): void {
    console.error(error, info.componentStack);
  }

  override render(): ReactNode {
    return this.state.isBroken ? <Crashed /> : this.props.children;
  }
}

export function Crashed() {
  const { t } = useTranslation();
  return (
    <main className="problem-page">
      <h1>{t("problem.crashed")}</h1>
      <p>{t("problem.crashedHint")}</p>
      <button type="button" className="primary-button" onClick={() => location.reload()}>
        {t("problem.reload")}
      </button>
    </main>
  );
}
