import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { nameInSentence } from "@/lib/text/shown-name";
import type { OpsRoom } from "@/lib/contract/types";
import { ShownName } from "@/ui/user-text/ShownName";
import { FigureTable } from "./FigureTable";
import type { Figures } from "./use-figures";
import type { RoomsByHeat } from "./use-rooms-by-heat";
import * as css from "./live.module.css";

const LEVELS = ["calm", "warm", "hot", "blazing"] as const;

/** The hottest rooms. Their order stays while the pointer or the focus is among them. */
export function RoomTable({ rooms, omitted, handlers, change, figures }: RoomsByHeat & { figures: Figures }) {
  const { t } = useTranslation("operator");
  const { t: words } = useTranslation();
  const level = ({ level: number, hot }: OpsRoom) => {
    const name = LEVELS[number ?? -1];
    if (name === undefined) return figures.none;
    return t(hot === true ? "live.levelThrottled" : "live.levelAlone", { level: t(`live.level.${name}`) });
  };
  const slowMode = ({ slow_mode, slow_mode_s }: OpsRoom) => {
    if (slow_mode === null) return figures.none;
    if (slow_mode.mode === "off") return t("live.off");
    return t(slow_mode.mode === "auto" ? "live.auto" : "live.fixed", { seconds: slow_mode_s ?? 0 });
  };
  return (
    <section className={css.section} aria-labelledby="live-rooms">
      <h2 id="live-rooms">{t("live.rooms")}</h2>
      <div {...handlers}>
        <FigureTable
          titleId="live-rooms"
          title={t("live.rooms")}
          rows={rooms}
          keyOf={({ id }) => id}
          columns={[
            {
              key: "name",
              words: t("live.room"),
              cell: ({ id, name }) => (
                <Link to="/rooms/$roomId/moderate" params={{ roomId: id }} search={{ as: "operator" }}>
                  <ShownName of={name ?? id} />
                </Link>
              ),
            },
            {
              key: "level",
              words: t("live.heat"),
              cell: (room) => (
                <span className={css.level} data-level={room.level}>
                  {level(room)}
                </span>
              ),
            },
            {
              key: "fetches",
              words: t("live.fetches"),
              isNumber: true,
              cell: ({ fetches_per_s }) => figures.rate(fetches_per_s),
            },
            {
              key: "posts",
              words: t("live.posts"),
              isNumber: true,
              cell: ({ posts_per_s }) => figures.rate(posts_per_s),
            },
            {
              key: "viewers",
              words: t("live.viewers"),
              isNumber: true,
              cell: ({ viewers }) => figures.count(viewers),
            },
            { key: "slow", words: t("live.slowMode"), cell: slowMode },
            {
              key: "who",
              words: t("live.whoCanPost"),
              cell: ({ who_can_post }) =>
                who_can_post === null ? figures.none : t(`live.who.${who_can_post}`),
            },
            {
              key: "change",
              words: t("live.rules"),
              cell: (room) => (
                <button
                  type="button"
                  className="text-button"
                  aria-label={t("live.changeOf", {
                    room: nameInSentence(room.name ?? room.id, words("room.untitled")),
                  })}
                  disabled={room.slow_mode === null}
                  onClick={() => change(room)}
                >
                  {t("live.change")}
                </button>
              ),
            },
          ]}
        />
      </div>
      {rooms.length === 0 && <p className="quiet">{t("live.noRooms")}</p>}
      {omitted !== null && omitted > 0 && <p className="quiet">{t("live.omitted", { count: omitted })}</p>}
    </section>
  );
}
