"""The edge's own nginx configuration, and proxies in front of Hotchat, on this machine's nginx."""
