import { useTranslation } from "react-i18next";
import type { SlowModeRule } from "@/lib/composer/slow-mode";
import { SlowModeLine } from "./SlowModeLine";
import { useLiveRegionWords } from "./use-live-region-words";

interface SlowModeNoteProps {
  rule: SlowModeRule;
  waitS: number;
}

/** Why the writer waits, and how long. Screen readers hear when a wait begins and when it ends, not each second. */
export default function SlowModeNote({ rule, waitS }: SlowModeNoteProps) {
  const { t } = useTranslation();
  const sentences = {
    fixed: t("composer.slowFixed", { seconds: rule.seconds }),
    auto: t("composer.slowAuto", { seconds: rule.seconds }),
    "auto-regular": t("composer.slowRegular", { seconds: rule.seconds }),
  };
  const waiting = t(rule.reason === "fixed" ? "composer.slowFixedWait" : "composer.slowAutoWait", {
    seconds: waitS,
  });
  const announced = useLiveRegionWords(waitS > 0, waiting, t("composer.slowOver"));
  return <SlowModeLine words={waitS > 0 ? waiting : sentences[rule.reason]} announced={announced} />;
}
