"""`python -m chat_server.print_openapi`: the OpenAPI document, from which the frontend's types are generated."""

import sys

import orjson

from chat_server.main import create_app


def main() -> None:
    document = create_app().openapi()
    sys.stdout.buffer.write(orjson.dumps(document, option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS))
    sys.stdout.buffer.write(b"\n")


if __name__ == "__main__":
    main()
