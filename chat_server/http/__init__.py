"""HTTP of chat_server: responses, bodies, path parameters, errors, OpenAPI, the page's files."""
