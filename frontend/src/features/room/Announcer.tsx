import { AnnouncementRegions } from "./AnnouncementRegions";
import { useAnnouncements } from "./use-announcements";

/** Announces new messages to screen readers. */
export const Announcer = () => <AnnouncementRegions announced={useAnnouncements()} />;
