"""Tools that put load on a running chat room, break it, attack it, and judge what its users notice."""
