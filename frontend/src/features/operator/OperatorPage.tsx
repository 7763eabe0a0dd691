import "@/lib/i18n/operator/operator-words";
import { OperatorFrame } from "./OperatorFrame";
import { SignInForm } from "./SignInForm";
import { SignedInOperator } from "./SignedInOperator";
import { useOperatorSession } from "./use-operator-session";

/** The page on which the operator manages the whole server, after signing in with the token. */
export default function OperatorPage() {
  const { status, refusal, isCalling, signIn, signOut } = useOperatorSession();
  return (
    <OperatorFrame refusal={refusal} onSignOut={status === "signedIn" ? signOut : null}>
      {status === "signedOut" && <SignInForm isSigningIn={isCalling} onSignIn={signIn} />}
      {status === "signedIn" && <SignedInOperator />}
    </OperatorFrame>
  );
}
