import type { Author } from "@/lib/contract/types";
import { ModalDialog } from "@/ui/ModalDialog";
import { PersonFacts } from "./PersonFacts";
import { usePerson } from "./use-person";

interface PersonCardProps {
  person: Author;
  /** Shows a message in the list. */
  onShow: (seq: number) => void;
  onClose: () => void;
}

/** What hosts can see about a person: how long they have been known, their loaded messages, and their ban. */
export function PersonCard({ person, onShow, onClose }: PersonCardProps) {
  const { title, ...facts } = usePerson(person, onShow, onClose);
  return (
    <ModalDialog title={title} isWide onClose={onClose}>
      <PersonFacts {...facts} />
    </ModalDialog>
  );
}
