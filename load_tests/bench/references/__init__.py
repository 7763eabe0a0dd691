"""References: small programs that do the same job in the plain or the fastest known way."""
