import { AnnouncementRegions } from "./AnnouncementRegions";
import { useAnnouncements } from "./use-announcements";

/** Announces new messages to screen readers, and notifies of those for the reader. */
export const Announcer = () => <AnnouncementRegions announced={useAnnouncements()} />;
