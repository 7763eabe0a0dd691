import { Dices } from "lucide-react";
import { useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { IconButton } from "@/ui/IconButton";
import { useServices } from "@/ui/services-context";
import { suggestedNickname } from "@/lib/suggested-nickname";
import { useJoin } from "./use-join";
import * as css from "./session.module.css";

const NICKNAME_MAX = 32;

/** Asks for a nickname in place, with one suggested; what was written stays where it is. */
export function NameForm({ canSend, onDone }: { canSend: boolean; onDone: () => void }) {
  const { t } = useTranslation();
  const { session } = useServices();
  const [nickname, setNickname] = useState(
    () => session.rememberedNickname ?? suggestedNickname(Math.random),
  );
  const { isJoining, words, isRefused, join } = useJoin();
  const field = useRef<HTMLInputElement>(null);
  useEffect(() => field.current?.select(), []);

  return (
    <form
      className={css.nameForm}
      onSubmit={(event) => {
        event.preventDefault();
        void join(nickname.trim()).then((isIn) => isIn && onDone());
      }}
      onKeyDown={(event) => {
        if (event.key === "Escape") session.cancel();
      }}
    >
      <label htmlFor="nickname">{t("composer.nameTitle")}</label>
      <p className="quiet">{t("composer.nameHint")}</p>
      <div className={css.nameLine}>
        <input
          id="nickname"
          value={nickname}
          maxLength={NICKNAME_MAX}
          autoComplete="nickname"
          dir="auto"
          ref={field}
          aria-invalid={isRefused}
          aria-describedby="nickname-problem"
          onChange={(event) => setNickname(event.target.value)}
        />
        <IconButton
          icon={Dices}
          label={t("composer.another")}
          onClick={() => setNickname(suggestedNickname(Math.random))}
        />
        <button type="submit" className="primary-button" disabled={nickname.trim() === "" || isJoining}>
          {canSend ? t("composer.join") : t("composer.joinOnly")}
        </button>
      </div>
      <p id="nickname-problem" className="error" role="alert">
        {words}
      </p>
    </form>
  );
}
