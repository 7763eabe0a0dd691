import { useTranslation } from "react-i18next";
import type { OpsProcess } from "@/lib/contract/types";
import { FigureTable } from "./FigureTable";
import type { Figures } from "./use-figures";
import * as css from "./live.module.css";

/** The server processes that report themselves. */
export function ProcessTable({ processes, figures }: { processes: readonly OpsProcess[]; figures: Figures }) {
  const { t } = useTranslation("operator");
  return (
    <section className={css.section} aria-labelledby="live-processes">
      <h2 id="live-processes">{t("live.processes")}</h2>
      <FigureTable
        titleId="live-processes"
        title={t("live.processes")}
        rows={processes}
        keyOf={({ id }) => id}
        columns={[
          { key: "id", words: t("live.process"), cell: ({ id }) => <bdi>{id}</bdi> },
          {
            key: "ready",
            words: t("live.state"),
            cell: ({ ready }) => t(ready ? "live.ready" : "live.notReady"),
          },
          {
            key: "age",
            words: t("live.reported"),
            isNumber: true,
            cell: ({ age_s }) => t("live.ago", { time: figures.duration(age_s) }),
          },
          {
            key: "up",
            words: t("live.uptime"),
            isNumber: true,
            cell: ({ uptime_s }) => figures.duration(uptime_s),
          },
          {
            key: "cpu",
            words: t("live.cpu"),
            isNumber: true,
            cell: ({ cpu_share }) => figures.share(cpu_share),
          },
          {
            key: "memory",
            words: t("live.memory"),
            isNumber: true,
            cell: ({ resident_bytes }) => figures.megabytes(resident_bytes),
          },
          {
            key: "streams",
            words: t("live.streams"),
            isNumber: true,
            cell: ({ streams }) => figures.count(streams),
          },
          {
            key: "step",
            words: t("live.longestStep"),
            isNumber: true,
            cell: ({ longest_step_ms }) => figures.milliseconds(longest_step_ms),
          },
          {
            key: "shed",
            words: t("live.shed"),
            isNumber: true,
            cell: ({ shed_level }) => figures.count(shed_level),
          },
          {
            key: "lag",
            words: t("live.kafkaLag"),
            isNumber: true,
            cell: ({ kafka_lag_events }) => figures.count(kafka_lag_events),
          },
          {
            key: "flush",
            words: t("live.flushWidth"),
            isNumber: true,
            cell: ({ flush_width_streams }) => figures.count(flush_width_streams),
          },
        ]}
      />
      {processes.length === 0 && <p className="quiet">{t("live.noProcesses")}</p>}
    </section>
  );
}
