import { useState } from "react";
import { useIsOutdated } from "@/ui/services-context";
import { NewVersionBanner } from "./NewVersionBanner";

/** Offers to reload once the server has a newer build of the app. */
export function NewVersion() {
  const isOutdated = useIsOutdated();
  const [isDismissed, setIsDismissed] = useState(false);
  return <NewVersionBanner isShown={isOutdated && !isDismissed} onDismiss={() => setIsDismissed(true)} />;
}
