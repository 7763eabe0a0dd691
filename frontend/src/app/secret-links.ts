/** Takes codes out of the address. The entry imports it before the router, which reads the address as well. */
import { SecretLink } from "@/lib/secret-link";

export const recoveryLink = new SecretLink(window, "recover");
export const inviteLink = new SecretLink(window, "invite");
window.addEventListener("hashchange", () => {
  recoveryLink.take();
  inviteLink.take();
});
