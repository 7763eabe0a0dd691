"""The HTTP layers that both servers share: admission, connections, CORS, request ids, problems."""
