"""What this chat_server has done since its start, for its record in the control room."""

from chat_server.fetch import handler as fetches
from chat_server.fetch.handler import FETCHES
from chat_server.messages import write_handlers as posts
from chat_server.messages.write_handlers import POSTS
from server_kit.limits.shares import REFUSALS
from server_kit.process_reports import OwnFigures, Totals, value_of


def own_figures(*, is_ready: bool, streams: int, shed_level: int) -> OwnFigures:
    """Requests that a share refuses never reach the handlers, which count the others."""
    totals = Totals(
        fetches_served=FETCHES[fetches.HIT] + FETCHES[fetches.MISS] + FETCHES[fetches.STALE],
        fetches_not_modified=FETCHES[fetches.NOT_MODIFIED],
        fetches_refused=FETCHES[fetches.REFUSED] + value_of(REFUSALS.labels("fetches")),
        posts=POSTS[posts.STORED] + POSTS[posts.HELD],
        posts_refused=POSTS[posts.REFUSED] + value_of(REFUSALS.labels("posts")),
    )
    return OwnFigures(is_ready, streams, shed_level, totals)
