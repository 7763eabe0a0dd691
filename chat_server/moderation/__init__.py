"""What hosts do in their rooms: bans, moderators, hand-over, recovery, the audit log."""
