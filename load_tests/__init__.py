"""Tools that load, break and attack a running chat room, and measure the effect on its users."""
