import type { TFunction } from "i18next";
import type { TextProblem } from "@/lib/text/allowed-characters";

/** What to change in a text that the server would refuse, in one sentence. */
export function textProblemMessage(t: TFunction, problem: TextProblem): string {
  switch (problem.kind) {
    case "empty":
      return t("textProblem.empty");
    case "character":
      return t("textProblem.character", { character: problem.character });
    case "marks":
      return t("textProblem.marks", { max: problem.max });
    case "length":
      return t("textProblem.length", { count: problem.remove, max: problem.max });
  }
}
