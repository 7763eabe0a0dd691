import { useTranslation } from "react-i18next";
import type { HeldPage, ReportsPage } from "@/lib/contract/types";
import { useHostApi } from "@/ui/use-host-api";
import type { Pages } from "@/ui/use-pages";
import { useHostPages } from "./use-host-pages";

/** Pages of a queue. */
export interface OpenWork<Page> extends Pages<Page> {
  /** How many items the loaded pages have, with a plus sign if there are more; null while they load. */
  readonly countWords: string | null;
}

function withCount<Page>(pages: Pages<Page>, items: (page: Page) => number): OpenWork<Page> {
  const count = pages.pages?.reduce((sum, page) => sum + items(page), 0);
  const more = pages.loadMore === null ? "" : "+";
  return { ...pages, countWords: count === undefined ? null : `${count}${more}` };
}

/** The held messages of the open room, loaded again every `pollMs`. */
export function useHeldPages(pollMs?: number): OpenWork<HeldPage> {
  const { t } = useTranslation("hosts");
  const api = useHostApi();
  const pages = useHostPages({ name: "held", load: api.held, failure: t("moderate.heldFailed"), pollMs });
  return withCount(pages, ({ held }) => held.length);
}

/** The open reports of the open room, loaded again every `pollMs`. */
export function useReportPages(pollMs?: number): OpenWork<ReportsPage> {
  const { t } = useTranslation("hosts");
  const api = useHostApi();
  const failure = t("moderate.reportsFailed");
  const pages = useHostPages({ name: "reports", load: api.reports, failure, pollMs });
  return withCount(pages, ({ reports }) => reports.length);
}
