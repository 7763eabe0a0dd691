import { textAfterInput } from "@/lib/pasted-text";

interface NameFieldProps {
  /** Names the field. */
  words: string;
  name: string;
  setName: (name: string) => void;
  /** What to change in the name. */
  refusal: string | null;
  /** The id of the element with the refusal. */
  refusalId: string;
}

/** A required field for the name of a person or a room. */
export function NameField({ words, name, setName, refusal, refusalId }: NameFieldProps) {
  return (
    <>
      <label className="field">
        <span>{words}</span>
        <input
          value={name}
          required
          dir="auto"
          aria-invalid={refusal !== null}
          aria-describedby={refusalId}
          onChange={(event) => setName(textAfterInput(event))}
        />
      </label>
      <p id={refusalId} className="error" role="alert">
        {refusal}
      </p>
    </>
  );
}
