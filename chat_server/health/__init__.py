"""Whether chat_server lives and can serve."""
