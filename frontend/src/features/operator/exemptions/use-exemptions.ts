import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { errorMessage } from "@/lib/api/error-message";
import type { ExemptionTerms } from "@/lib/contract/types";
import { useCall } from "@/ui/use-call";
import { useLocalTime } from "@/ui/use-local-time";
import { useOperatorApi } from "../use-operator-api";

const REFETCH_MS = 60_000; // they end by themselves

interface ShownExemption {
  readonly address: string;
  readonly reason: string | null;
  readonly ends: string;
}

export interface ExemptionsView {
  /** Undefined while they load. */
  readonly exemptions: readonly ShownExemption[] | undefined;
  readonly refusal: string | null;
  /** Says which address was exempted last. */
  readonly done: string | null;
  readonly isCalling: boolean;
  readonly exempt: (terms: ExemptionTerms) => void;
  /** The address whose exemption is to be ended once that is confirmed. */
  readonly toEnd: string | null;
  readonly askToEnd: (address: string | null) => void;
  readonly end: (address: string) => void;
}

/** The addresses that are exempt from the shares of addresses, the newest first. */
export function useExemptions(): ExemptionsView {
  const { t } = useTranslation("operator");
  const { t: words } = useTranslation();
  const api = useOperatorApi();
  const localTime = useLocalTime();
  const queryClient = useQueryClient();
  const { refusal, isCalling, run } = useCall(t("callFailed"), { too_many: t("exemptions.full") });
  const [done, setDone] = useState<string | null>(null);
  const [toEnd, setToEnd] = useState<string | null>(null);
  const { data, error } = useQuery({
    queryKey: ["operator", "exemptions"],
    queryFn: api.exemptions,
    refetchInterval: REFETCH_MS,
  });
  const changed = () => queryClient.invalidateQueries({ queryKey: ["operator"] });
  const call = (makeCall: () => Promise<void>) => {
    setDone(null);
    run(makeCall);
  };
  return {
    exemptions: data?.exemptions.map(({ address, reason, expires_at }) => ({
      address,
      reason,
      ends: t("exemptions.until", { time: localTime.exactTime(expires_at) }),
    })),
    refusal: refusal ?? (error === null ? null : errorMessage(words, error, t("exemptions.failed"))),
    done,
    isCalling,
    exempt: (terms) =>
      call(async () => {
        const { address, expires_at } = await api.exempt(terms);
        setDone(t("exemptions.done", { address, time: localTime.exactTime(expires_at) }));
        await changed();
      }),
    toEnd,
    askToEnd: setToEnd,
    end: (address) => {
      setToEnd(null);
      call(async () => {
        await api.endExemption(address);
        await changed();
      });
    },
  };
}
