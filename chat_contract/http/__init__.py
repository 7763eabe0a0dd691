"""HTTP habits that both servers share: request ids, problem bodies, CORS."""
