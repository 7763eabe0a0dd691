"""The edge's nginx configuration, and proxies in front of Hotchat, in this machine's nginx."""
