"""What `make run` starts: embedded stores, servers, scheduler and page under one supervisor. Tests use its parts."""
