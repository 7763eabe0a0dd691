import { useTranslation } from "react-i18next";
import { textAfterInput } from "@/lib/pasted-text";
import type { FilterDraft } from "./use-filter-draft";
import * as css from "./hosts.module.css";

const WORDS_ACTIONS = ["hold", "refuse"] as const;
const LINKS_ACTIONS = ["allow", "hold", "refuse"] as const;
const REPEATS_ACTIONS = ["allow", "refuse"] as const;

/** The forbidden words, one on each line, and the choice of what happens to messages that match a filter. */
export function FilterForm(props: FilterDraft) {
  const { t } = useTranslation("hosts");
  const { words, rules, change, problem } = props;
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        props.save();
      }}
    >
      <label className={`field ${css.filterWords}`}>
        <span>{t("filters.words")}</span>
        <textarea
          rows={5}
          value={words}
          dir="auto"
          spellCheck={false}
          autoCapitalize="none"
          aria-invalid={problem !== null}
          aria-describedby="filter-count filter-refusal"
          onChange={(event) => props.setWords(textAfterInput(event))}
        />
      </label>
      <p id="filter-count" className="quiet tabular">
        {props.countWords}
      </p>
      <ActionChoice
        title={t("filters.withWord")}
        actions={WORDS_ACTIONS}
        value={rules.words_action}
        onChange={(words_action) => change({ words_action })}
      />
      <ActionChoice
        title={t("filters.withLink")}
        actions={LINKS_ACTIONS}
        value={rules.links}
        onChange={(links) => change({ links })}
      />
      <ActionChoice
        title={t("filters.repeated")}
        actions={REPEATS_ACTIONS}
        value={rules.repeats}
        onChange={(repeats) => change({ repeats })}
      />
      <p id="filter-refusal" className="error" role="alert">
        {problem ?? props.refusal}
      </p>
      <div className={`dialog-buttons ${css.buttons}`}>
        <p className="quiet" role="status">
          {props.isSaved && t("filters.saved")}
        </p>
        <button type="submit" className="primary-button" disabled={props.isSaving || problem !== null}>
          {t("filters.save")}
        </button>
      </div>
    </form>
  );
}

interface ActionChoiceProps<Action extends string> {
  title: string;
  actions: readonly Action[];
  value: Action;
  onChange: (action: Action) => void;
}

function ActionChoice<Action extends "allow" | "hold" | "refuse">(props: ActionChoiceProps<Action>) {
  const { t } = useTranslation("hosts");
  return (
    <label className="field">
      <span>{props.title}</span>
      <select
        value={props.value}
        onChange={({ target: { value } }) => {
          const chosen = props.actions.find((action) => action === value);
          if (chosen !== undefined) props.onChange(chosen);
        }}
      >
        {props.actions.map((action) => (
          <option key={action} value={action}>
            {t(`filters.${action}`)}
          </option>
        ))}
      </select>
    </label>
  );
}
