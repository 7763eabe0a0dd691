import { useTranslation } from "react-i18next";
import type { InviteTerms } from "@/lib/contract/types";
import { InviteLink } from "./InviteLink";
import type { Invites } from "./use-invites";
import * as css from "./hosts.module.css";

const EXPIRIES = [
  { seconds: 3_600, words: "ban.oneHour" },
  { seconds: 86_400, words: "ban.oneDay" },
  { seconds: 604_800, words: "rules.oneWeek" },
  { seconds: 2_592_000, words: "invites.thirtyDays" },
] as const;
const USES = [1, 5, 25, 100, 1_000];

/** The form that makes an invite, the link of the new invite, and the list of open invites. */
export function InviteList(props: Invites) {
  const { t } = useTranslation("hosts");
  return (
    <section className={css.section} aria-labelledby="hosts-invites">
      <h3 id="hosts-invites">{t("invites.title")}</h3>
      <p className="quiet">{t("invites.help")}</p>
      <div className={css.terms}>
        {props.mayInviteModerators && <RoleField {...props} />}
        <label className="field">
          <span>{t("invites.expiry")}</span>
          <select
            value={props.terms.expires_in_s}
            onChange={({ target }) => props.setTerms({ ...props.terms, expires_in_s: Number(target.value) })}
          >
            {EXPIRIES.map(({ seconds, words }) => (
              <option key={seconds} value={seconds}>
                {t(words)}
              </option>
            ))}
          </select>
        </label>
        <label className="field">
          <span>{t("invites.uses")}</span>
          <select
            value={props.terms.max_uses}
            onChange={({ target }) => props.setTerms({ ...props.terms, max_uses: Number(target.value) })}
          >
            {USES.map((count) => (
              <option key={count} value={count}>
                {t("invites.people", { count })}
              </option>
            ))}
          </select>
        </label>
      </div>
      <button type="button" className="quiet-button" disabled={props.isMaking} onClick={props.make}>
        {t("invites.make")}
      </button>
      {props.url !== null && <InviteLink key={props.url} url={props.url} />}
      <p className="error" role="alert">
        {props.refusal}
      </p>
      {props.invites?.length === 0 && <p className="quiet">{t("invites.none")}</p>}
      <ul className={css.people}>
        {props.invites?.map((invite) => (
          <li key={invite.id}>
            <div className={css.person}>
              <span>{t(invite.isOfModerator ? "invites.moderator" : "invites.member")}</span>
              <p className="quiet">{t("invites.left", { count: invite.usesLeft, time: invite.expiry })}</p>
            </div>
            {invite.mayEnd && (
              <button type="button" className="quiet-button" onClick={() => props.end(invite)}>
                {t("invites.end")}
              </button>
            )}
          </li>
        ))}
      </ul>
    </section>
  );
}

const isRole = (value: string): value is InviteTerms["role"] => value === "member" || value === "moderator";

function RoleField({ terms, setTerms }: Pick<Invites, "terms" | "setTerms">) {
  const { t } = useTranslation("hosts");
  return (
    <label className="field">
      <span>{t("invites.role")}</span>
      <select
        value={terms.role}
        onChange={({ target }) => {
          if (isRole(target.value)) setTerms({ ...terms, role: target.value });
        }}
      >
        <option value="member">{t("invites.member")}</option>
        <option value="moderator">{t("invites.moderator")}</option>
      </select>
    </label>
  );
}
