import type { TFunction } from "i18next";
import type { Problem } from "@/lib/api/problem";

/** Why joining waits, and when it goes on, in one sentence. `problem` is null if the server was not the reason. */
export const joinWaitMessage = (t: TFunction, problem: Problem | null, seconds: number): string =>
  t(problem === null || problem.isUnreachable ? "composer.joinUnreachable" : "composer.joinAgain", {
    seconds,
  });
