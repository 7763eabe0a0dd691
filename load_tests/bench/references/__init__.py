"""What ours is measured against: small programs that do the same job the plain or the fastest known way."""
