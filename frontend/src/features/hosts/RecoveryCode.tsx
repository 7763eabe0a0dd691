import { RecoveryCodeField } from "./RecoveryCodeField";
import { useCopied } from "./use-copied";

/** A recovery code, which is shown once, and a button that copies it. */
export function RecoveryCode({ code }: { code: string }) {
  const copied = useCopied(code);
  return <RecoveryCodeField code={code} {...copied} />;
}
