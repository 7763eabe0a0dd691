/** Takes a recovery code out of the address. The entry imports it before the router, which reads the address as well. */
import { RecoveryLink } from "@/lib/recovery-link";

export const recoveryLink = new RecoveryLink(window);
window.addEventListener("hashchange", recoveryLink.take);
