"""Every figure by name, in the order of the table."""

from collections.abc import Awaitable, Callable, Mapping

from load_tests.bench.figures import (
    calm_lane,
    fan_out,
    fetch,
    first_load,
    frames,
    growth,
    gzip_streams,
    hot_room,
    idle,
    isolation,
    join_storm,
    make_run,
    moderated_rooms,
    posts,
    quiet_room,
    two_processes,
    unsubscribed_rooms,
    whole_system,
    write_cost,
)
from load_tests.bench.outcome import Outcome
from load_tests.bench.scale import Scale
from load_tests.bench.stores import Stores

FIGURES: Mapping[str, Callable[[Stores, Scale], Awaitable[Outcome]]] = {
    "fan_out": fan_out.run,
    "calm_lane": calm_lane.run,
    "write_cost": write_cost.run,
    "quiet_room": quiet_room.run,
    "isolation": isolation.run,
    "idle": idle.run,
    "gzip_streams": gzip_streams.run,
    "fetch": fetch.run,
    "posts": posts.run,
    "moderated_rooms": moderated_rooms.run,
    "make_run": make_run.run,
    "whole_system": whole_system.run,
    "hot_room": hot_room.run,
    "join_storm": join_storm.run,
    "unsubscribed_rooms": unsubscribed_rooms.run,
    "growth": growth.run,
    "two_processes": two_processes.run,
    "frames": frames.run,
    "first_load": first_load.run,
}
