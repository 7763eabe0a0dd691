"""`python -m chat_server`: one process on CHAT_PORT. HOTCHAT_REUSE_PORT=1 lets several share the port."""

from random import Random

from chat_server.fastpath.routes import CHEAP_READS
from chat_server.fetch.event_waits import EventWaits
from chat_server.main import create_server
from chat_server.settings import ChatSettings
from server_kit.http.request_admission import Admission
from server_kit.serve import serve
from server_kit.settings import settings_or_exit


def main() -> None:
    settings = settings_or_exit(ChatSettings)
    admission = Admission(settings, Random())
    event_waits = EventWaits()
    serve(
        create_server(settings, admission, event_waits),
        settings,
        settings.chat_port,
        admission.shares,
        CHEAP_READS,
        on_stop=event_waits.close,
    )


if __name__ == "__main__":
    main()
