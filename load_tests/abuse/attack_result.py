"""The result of one attack, its verdict, and the tables. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from load_tests.abuse.attack import Attack
from load_tests.abuse.bystander import Window
from load_tests.abuse.tally import Tally
from load_tests.bench.loop_steps import STEP_LONGEST_MS, LoopSteps, together

POSTS_P99_MS: Final = 250.0
DELAY_P99_MS: Final = 500.0
SHOWN_TROUBLES: Final = 4

HEAD: Final = (
    "attack",
    "finding",
    "posts p50 / p99 ms",
    "delay p99 ms",
    "bystander's errors",
    "attackers' responses",
    "longest step ms",
    "memory MiB",
    "recovery s",
    "",
)


@dataclass(frozen=True)
class AttackResult:
    """`grown_mib` is the growth of both servers while the attack ran. `back_after_s` is the time until memory and
    descriptors were normal again; None after a timeout, and then `kept` names the excess. `steps` is empty for servers
    without that metric."""

    attack: Attack
    window: Window
    tally: Tally
    faults: tuple[str, ...]
    remarks: tuple[str, ...]
    steps: Mapping[str, LoopSteps]
    grown_mib: float
    back_after_s: float | None
    kept: tuple[str, ...] = ()

    def harm(self) -> list[str]:
        """Harm to the bystander or the servers, apart from slowness."""
        bad = [f"the bystander got {count} × {what}" for what, count in self.window.bad.items()]
        unseen = [f"{self.window.unseen} posts were not seen on a stream"] if self.window.unseen else []
        wrong = [f"{count} × {what}" for what, count in self.tally.wrong.items()]
        return [*bad, *unseen, *wrong, *dict.fromkeys(self.faults)]

    def slowness(self) -> list[str]:
        """Figures of time and memory above their bounds."""
        found = []
        if self.window.posts.p99_ms > POSTS_P99_MS:
            found.append(f"posts p99 {self.window.posts.p99_ms:.0f} ms")
        if self.window.delays.p99_ms > DELAY_P99_MS:
            found.append(f"stream delay p99 {self.window.delays.p99_ms:.0f} ms")
        for server, steps in self.steps.items():
            if steps.longest_ms > STEP_LONGEST_MS:
                found.append(f"{server}: longest loop step {steps.longest_ms:.0f} ms")
        return [*found, *self.kept]

    @property
    def troubles(self) -> list[str]:
        return [*self.harm(), *self.slowness()]

    def cells(self) -> tuple[str, ...]:
        posts, delays = self.window.posts, self.window.delays
        answers = ", ".join(f"{count:,} × {name}" for name, count in self.tally.answers.most_common(4))
        longest = " / ".join(f"{steps.longest_ms:.0f}" for steps in self.steps.values())
        troubles = self.troubles
        return (
            self.attack.name,
            ", ".join(self.attack.findings),
            f"{posts.p50_ms:.0f} / {posts.p99_ms:.0f}",
            f"{delays.p99_ms:.0f}",
            str(sum(self.window.bad.values()) + self.window.unseen),
            answers,
            longest or "–",
            f"{self.grown_mib:+.0f}",
            "never" if self.back_after_s is None else f"{self.back_after_s:.0f}",
            "**" + "; ".join(troubles[:SHOWN_TROUBLES]) + "**" if troubles else "passed",
        )


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table in Markdown."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)


def sum_line(rows: Sequence[AttackResult]) -> str:
    hurt = [row.attack.name for row in rows if row.troubles]
    refused, asked = sum(row.tally.refused for row in rows), sum(row.tally.total for row in rows)
    said = f"{len(rows)} attacks, {asked:,} responses to attackers, {refused:,} of them refusals. "
    return said + (f"Failed: {'; '.join(hurt)}." if hurt else "None affected the bystander.")


def step_sentences(rows: Sequence[AttackResult]) -> list[str]:
    """The event-loop steps of the whole drill, a sentence for each server. A few hundred steps have no p99.9; only
    all attacks together have enough steps."""
    said = []
    for server in dict.fromkeys(name for row in rows for name in row.steps):
        steps = together(row.steps[server] for row in rows if server in row.steps)
        said.append(
            f"Event-loop steps of {server}: p99.9 ≤ {steps.p999_ms:g} ms, longest ≤ {steps.longest_ms:.0f} ms;"
            f" longest pause of the garbage collector ≤ {steps.longest_pause_ms:g} ms"
            f"{'' if steps.is_short else ' (**too long**)'}."
        )
    return said


def steps_are_short(rows: Sequence[AttackResult]) -> bool:
    return all(
        together(row.steps[server] for row in rows if server in row.steps).is_short
        for server in {name for row in rows for name in row.steps}
    )
