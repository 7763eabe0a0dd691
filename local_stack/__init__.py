"""What `make run` starts: embedded stores, servers, scheduler and frontend under one supervisor. Tests use it too."""
