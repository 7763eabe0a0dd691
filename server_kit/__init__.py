"""What both servers are built from: settings, serving, tasks, shares, HTTP layers. Knows neither server."""
