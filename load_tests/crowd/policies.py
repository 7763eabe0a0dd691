"""The policies of hot rooms that `make compare` compares, and what the results say. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from load_tests.crowd.notify_reader import ALL_SIGNS, SignPolicy
from load_tests.crowd.record import CrowdRecord

BUSY_SHARE: Final = 0.95
STALE_GOAL_S: Final = 1.0
OURS: Final = "ours"
SERVERS: Final = ("chat_server", "publish_server")


@dataclass(frozen=True)
class Policy:
    """`target_posts_per_s` sets slow mode `auto` of the room; `query` is that of the counting streams, `signs` what
    readers get.
    """

    name: str
    settings: Mapping[str, str] = field(default_factory=dict)
    query: str = ""
    target_posts_per_s: float | None = None
    signs: SignPolicy = ALL_SIGNS


POLICIES: Final = (
    Policy("none", {"HOTCHAT_MODE": "off"}),
    Policy("refuse all", {"HOTCHAT_STRATEGY": "refuse_all"}),
    Policy("drop signs", {"HOTCHAT_MODE": "off"}, signs=SignPolicy(dropped_share=0.5)),
    Policy("debounce", {"HOTCHAT_MODE": "off"}, signs=SignPolicy(debounce_s=1.0)),
    Policy(OURS),
    Policy("ours, governor", target_posts_per_s=5),
    Policy("ours, calm lane", query="?pace=calm"),
)


def servers_share(record: CrowdRecord) -> float:
    """The servers' greatest share of the core that they have for themselves, over 5 s."""
    return record.greatest_share(*SERVERS)


def is_saturated(record: CrowdRecord) -> bool:
    return servers_share(record) >= BUSY_SHARE


def stale_s(record: CrowdRecord) -> float:
    """The greatest staleness of any reader in C."""
    return max(record.readers.staleness_s.greatest, record.refreshers.staleness_s.greatest)


def table(records: Sequence[CrowdRecord]) -> str:
    """Markdown, with the sentence that the comparison is about below."""
    lines = [
        "| policy | fetches a second | refused or dropped | greatest staleness: notify readers, refreshers | fetch p99 "
        "| visible p50, p99 | bytes of a stream | CPU: chat_server, publish_server, both | servers saturated "
        "| generator saturated |",
        "| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    for one in records:
        shares = ", ".join(f"{one.greatest_share(role):.0%}" for role in SERVERS)
        groups = (one.readers, one.refreshers)
        fetches_per_s = sum(group.fetches_per_s for group in groups)
        stale = ", ".join(f"{group.staleness_s.greatest:.2f}" for group in groups)
        lines.append(
            f"| {one.policy} | {fetches_per_s:,.0f} | {one.refused_share:.1%} | {stale} s "
            f"| {max(group.answer_p99_s for group in groups) * 1000:.0f} ms "
            f"| {one.streams.p50_ms:.0f}, {one.streams.p99_ms:.0f} ms | {one.bytes_per_stream / 1024:.1f} KiB "
            f"| {shares}, {servers_share(one):.0%} | {_yes(is_saturated(one))} | {_yes(bool(one.saturated))} |"
        )
    return "\n".join([*lines, "", conclusion(records)])


def conclusion(records: Sequence[CrowdRecord]) -> str:
    """Whether ours refuses least among the policies that keep the servers below saturation; if not, why."""
    ours = next((one for one in records if one.policy == OURS), None)
    if ours is None:
        return "Our policy was not measured."
    if is_saturated(ours):
        return "Our policy did not keep the servers below saturation, so it is not compared."
    # The governor and the calm lane are ours, too.
    others = [one for one in records if not one.policy.startswith(OURS)]
    kept = [one for one in others if not is_saturated(one)]
    better = [one.policy for one in kept if one.refused_share < ours.refused_share]
    least = f"{OURS} refused least"
    if equal := [one.policy for one in kept if one.refused_share == ours.refused_share]:
        least += f", together with {', '.join(equal)}; this crowd was too small to tell them apart"
    if saturated := [one.policy for one in others if one not in kept]:
        least += f" ({', '.join(saturated)} saturated them)"
    greatest_s = stale_s(ours)
    parts = [
        f"{', '.join(better)} refused less than ours and kept the servers below saturation, too: this crowd was too "
        "small for these servers to need a policy, or another one suits it better."
        if better
        else f"Among the policies that kept the servers below saturation, {least}."
    ]
    if greatest_s <= STALE_GOAL_S:
        parts.append(f"Its greatest staleness was {greatest_s:.2f} s, within the goal of {STALE_GOAL_S:g} s.")
    else:
        parts.append(
            f"Its greatest staleness was {greatest_s:.2f} s, above the goal of {STALE_GOAL_S:g} s: "
            f"{ours.readers.refused + ours.refreshers.refused:,} fetches waited for their turn."
        )
    return " ".join(parts)


def _yes(value: bool) -> str:
    return "yes" if value else "no"
