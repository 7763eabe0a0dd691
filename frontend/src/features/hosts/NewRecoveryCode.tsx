import { useState } from "react";
import { useOpenRoom } from "@/ui/room-context";
import { useHostApi } from "@/ui/use-host-api";
import { NewRecoveryCodeSection } from "./NewRecoveryCodeSection";
import { RecoveryCode } from "./RecoveryCode";
import { useHostCall } from "./use-host-call";

/** Makes a new recovery code for the owner; the earlier one ends. */
export function NewRecoveryCode() {
  const api = useHostApi();
  const { roomId } = useOpenRoom();
  const { refusal, isCalling, run } = useHostCall();
  const [code, setCode] = useState<string | null>(null);
  return (
    <NewRecoveryCodeSection
      isCalling={isCalling}
      refusal={refusal}
      onMake={() => run(async () => setCode((await api.renewRecoveryCode(roomId)).recovery_code))}
    >
      {code !== null && <RecoveryCode key={code} code={code} />}
    </NewRecoveryCodeSection>
  );
}
