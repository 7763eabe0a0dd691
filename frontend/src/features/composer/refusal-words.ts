import type { TFunction } from "i18next";
import { errorMessage } from "@/lib/api/error-message";
import { UNSENT_MAX } from "@/lib/outbox/outbox";
import type { Refusal } from "@/lib/composer/composer-machine";
import { textProblemMessage } from "@/lib/i18n/text-problem-message";

/** Why the text was not sent, and what to do, in one sentence. */
export function refusalWords(t: TFunction, refusal: Refusal): string {
  switch (refusal.kind) {
    case "text":
      return textProblemMessage(t, refusal.problem);
    case "outbox-full":
      return t("composer.outboxFull", { count: UNSENT_MAX });
    case "edit-gone":
      return t("composer.editGone");
    case "server":
      return errorMessage(t, refusal.error, t("composer.editFailed"));
  }
}
