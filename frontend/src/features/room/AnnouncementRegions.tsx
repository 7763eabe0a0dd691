import type { Announced, Announcement } from "@/lib/announcements";

/** The live regions. They are always in the page, so that screen readers announce each change. */
export const AnnouncementRegions = ({ announced: { summary, forMe } }: { announced: Announced }) => (
  <div className="visually-hidden">
    <p aria-live="polite" data-announce="summary">
      <Words of={summary} />
    </p>
    <p aria-live="assertive" data-announce="for-me">
      <Words of={forMe} />
    </p>
  </div>
);

/** A new element for each announcement, so that the same words are announced again. */
const Words = ({ of: { words, turn } }: { of: Announcement }) => <span key={turn}>{words}</span>;
