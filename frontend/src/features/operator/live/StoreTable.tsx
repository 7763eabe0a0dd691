import { useTranslation } from "react-i18next";
import type { OpsSnapshot } from "@/lib/contract/types";
import { FigureTable } from "./FigureTable";
import type { Figures } from "./use-figures";
import * as css from "./live.module.css";

const NAMES = { postgres: "Postgres", redis: "Redis", kafka: "Kafka" };

/** The stores, and the events that wait for Kafka. */
export function StoreTable({
  stores,
  outbox,
  figures,
}: Pick<OpsSnapshot, "stores" | "outbox"> & { figures: Figures }) {
  const { t } = useTranslation("operator");
  const { events, oldest_s } = outbox;
  const down = stores.filter(({ up }) => !up);
  return (
    <section className={css.section} aria-labelledby="live-stores">
      <h2 id="live-stores">{t("live.stores")}</h2>
      <FigureTable
        titleId="live-stores"
        title={t("live.stores")}
        rows={stores}
        keyOf={({ name }) => name}
        columns={[
          { key: "name", words: t("live.store"), cell: ({ name }) => NAMES[name] },
          { key: "up", words: t("live.state"), cell: ({ up }) => t(up ? "live.up" : "live.down") },
          {
            key: "latency",
            words: t("live.latency"),
            isNumber: true,
            cell: ({ latency_ms }) => figures.milliseconds(latency_ms),
          },
        ]}
      />
      <div className="error" role="alert">
        {down.map(({ name }) => (
          <p key={name}>{t(`live.storeDown.${name}`)}</p>
        ))}
      </div>
      <p>
        {events === null
          ? t("live.outboxUnknown")
          : t("live.outbox", { count: events, age: figures.duration(oldest_s ?? 0) })}
      </p>
    </section>
  );
}
