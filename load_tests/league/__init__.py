"""The league: the same crowd of readers against Hotchat and other servers of event streams, in one run."""
