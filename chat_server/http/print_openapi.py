"""`python -m chat_server.http.print_openapi`: the OpenAPI document, from which the browser's types are generated."""

import sys

import orjson

from chat_server.http.openapi import document
from chat_server.main import create_app


def main() -> None:
    sys.stdout.buffer.write(
        orjson.dumps(document(create_app()), option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS)
    )
    sys.stdout.buffer.write(b"\n")


if __name__ == "__main__":
    main()
