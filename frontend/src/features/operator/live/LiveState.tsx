import { useTranslation } from "react-i18next";
import type { OpsSnapshot } from "@/lib/contract/types";
import * as css from "./live.module.css";

interface LiveStateProps {
  isLive: boolean;
  /** The age of the figures; null before the first ones. */
  staleSeconds: number | null;
  snapshot: OpsSnapshot | null;
}

/** Says whether the figures are current, how old they are if not, and what is unusual. */
export function LiveState({ isLive, staleSeconds, snapshot }: LiveStateProps) {
  const { t } = useTranslation("operator");
  const state = () => {
    if (isLive) return t("live.isLive");
    return staleSeconds === null ? t("live.connecting") : t("live.stale", { count: staleSeconds });
  };
  const overridden = snapshot?.overridden_settings ?? 0;
  return (
    <div className={css.state}>
      <p className={isLive ? "quiet" : "error"} data-live={isLive} data-testid="control-room-state">
        {state()}
      </p>
      {overridden > 0 && <p className="quiet">{t("live.overridden", { count: overridden })}</p>}
      {snapshot?.exemptions_stale === true && <p className="error">{t("live.exemptionsStale")}</p>}
    </div>
  );
}
