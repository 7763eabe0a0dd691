"""The earlier name of `python -m chat_server.postgres.advance_seqs`."""

from chat_server.postgres.advance_seqs import main

if __name__ == "__main__":
    main()
