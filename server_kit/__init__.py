"""Runtime that both servers share: settings, serving, background tasks, shares, HTTP layers. Imports neither server."""
