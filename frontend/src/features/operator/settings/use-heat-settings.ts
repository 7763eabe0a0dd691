import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { errorMessage } from "@/lib/api/error-message";
import type { HeatSettings } from "@/lib/contract/types";
import {
  BOUNDS,
  changesOf,
  CHOICES,
  draftAfter,
  isChoice,
  SETTING_NAMES,
  type Bounds,
  type SettingName,
  type SettingsDraft,
} from "@/lib/operator/heat-settings-draft";
import { useCall } from "@/ui/use-call";
import { useOperatorApi } from "../use-operator-api";
import { useSettingWords } from "./use-setting-words";

const REFETCH_MS = 10_000; // another operator may change them
const NO_DRAFT: SettingsDraft = {};

interface ShownChoice {
  readonly value: string;
  readonly words: string;
}

export interface ShownSetting {
  readonly name: SettingName;
  readonly title: string;
  /** What it does, with its unit. */
  readonly help: string;
  /** The value in force, where it comes from, and the default. */
  readonly inForce: string;
  /** What the field shows. */
  readonly field: string;
  /** Null: the field takes a number. */
  readonly choices: readonly ShownChoice[] | null;
  /** What to change in the field. */
  readonly refusal: string | null;
  /** The words of the button that ends the override; null where there is none, or where it is to end already. */
  readonly returnWords: string | null;
  /** Whether saving ends the override. */
  readonly isReturning: boolean;
}

export interface HeatSettingsView {
  /** Undefined while they load. */
  readonly settings: readonly ShownSetting[] | undefined;
  readonly warnings: readonly string[];
  readonly refusal: string | null;
  /** Says that the last changes are saved. */
  readonly done: string | null;
  readonly reason: string;
  readonly setReason: (reason: string) => void;
  readonly canSave: boolean;
  readonly canDiscard: boolean;
  readonly set: (name: SettingName, value: string) => void;
  readonly returnToEnvironment: (name: SettingName) => void;
  readonly discard: () => void;
  readonly save: () => void;
}

/** The settings of heat in force, and the operator's unsaved changes of them. */
export function useHeatSettings(): HeatSettingsView {
  const { t } = useTranslation("operator");
  const { t: words } = useTranslation();
  const api = useOperatorApi();
  const queryClient = useQueryClient();
  const settingWords = useSettingWords();
  const { refusal, isCalling, run } = useCall(t("callFailed"));
  const [draft, setDraft] = useState(NO_DRAFT);
  const [reason, setReason] = useState("");
  const [done, setDone] = useState<string | null>(null);
  const { data, error } = useQuery({
    queryKey: ["operator", "settings"],
    queryFn: api.settings,
    refetchInterval: REFETCH_MS,
  });
  const changes = data && changesOf(draft, data);
  const hasChanges = changes !== undefined && Object.keys(changes.patch).length > 0;
  const isWrong = changes !== undefined && Object.keys(changes.problems).length > 0;
  const refusalOf = (name: SettingName) => {
    if (isChoice(name) || changes?.problems[name] === undefined) return null;
    const { min, max, ...rest }: Bounds = BOUNDS[name];
    const bounds = { min: settingWords.number(min), max: settingWords.number(max) };
    if (rest.isWhole === true) return t("settings.whole", bounds);
    return rest.isAboveMin === true ? t("settings.above", bounds) : t("settings.between", bounds);
  };
  const shown = (name: SettingName, settings: HeatSettings): ShownSetting => {
    const { value, source, environment, setting, default: usual } = settings[name];
    const drafted = draft[name];
    const isReturning = drafted === null && source === "operator";
    return {
      name,
      title: settingWords.label(name),
      help: t(`settings.help.${name}`),
      inForce: t(`settings.from.${source}`, {
        value: settingWords.value(name, value),
        usual: settingWords.value(name, usual),
        setting,
      }),
      field: isReturning ? String(environment) : (drafted ?? String(value)),
      choices: isChoice(name)
        ? CHOICES[name].map((each) => ({ value: each, words: t(`settings.choice.${each}`) }))
        : null,
      refusal: refusalOf(name),
      returnWords:
        source === "operator" && !isReturning
          ? t("settings.return", { value: settingWords.value(name, environment) })
          : null,
      isReturning,
    };
  };
  const change = (name: SettingName, value: string | null) => {
    setDone(null);
    setDraft((current) => ({ ...current, [name]: value }));
  };
  const discard = () => {
    setDraft(NO_DRAFT);
    setReason("");
  };
  return {
    settings: data && SETTING_NAMES.map((name) => shown(name, data)),
    warnings: data?.warnings ?? [],
    refusal: refusal ?? (error === null ? null : errorMessage(words, error, t("settings.failed"))),
    done,
    reason,
    setReason,
    canSave: hasChanges && !isWrong && !isCalling,
    canDiscard: Object.keys(draft).length > 0,
    set: change,
    returnToEnvironment: (name) => change(name, null),
    discard,
    save: () =>
      run(async () => {
        if (changes === undefined) return;
        const why = reason.trim();
        const saved = await api.changeSettings({ ...changes.patch, ...(why !== "" && { reason: why }) });
        queryClient.setQueryData(["operator", "settings"], saved);
        setDraft((current) => draftAfter(draft, current));
        setReason((current) => (current === reason ? "" : current));
        setDone(t("settings.saved"));
        await queryClient.invalidateQueries({ queryKey: ["operator", "log"] });
      }),
  };
}
