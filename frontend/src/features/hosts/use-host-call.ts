import { useTranslation } from "react-i18next";
import { useCall, type Call } from "@/ui/use-call";

/** Runs the calls of one part of the panel, and says why one was refused. */
export const useHostCall = (): Call => useCall(useTranslation("hosts").t("callFailed"));
