import { useTranslation } from "react-i18next";
import type { Config } from "@/lib/contract/types";
import * as css from "./operator.module.css";

interface ServerModesProps {
  sessions: Config["sessions"];
  roomCreation: Config["room_creation"];
}

/** Shows who gets a session and who can create rooms, according to the settings of the server. */
export function ServerModes({ sessions, roomCreation }: ServerModesProps) {
  const { t } = useTranslation("operator");
  return (
    <section className={css.section} aria-labelledby="operator-modes">
      <h2 id="operator-modes">{t("modes.title")}</h2>
      <p>{t(`modes.sessions_${sessions}`)}</p>
      <p>{t(`modes.rooms_${roomCreation}`)}</p>
      <p className="quiet">{t("modes.howToChange")}</p>
    </section>
  );
}
