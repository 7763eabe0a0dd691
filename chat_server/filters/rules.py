"""What a room does not allow, and the check of a text against it. messages/apply_operations.py exempts hosts."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from hashlib import sha256
from typing import Final, Literal

from chat_contract.events import HeldBy
from chat_server.filters.links import has_link, may_have_link
from chat_server.filters.word_automaton import WordAutomaton
from chat_server.text.folding import fold, readings_of
from server_kit.http.problem import ChatError

Action = Literal["allow", "hold", "refuse"]
HeldOrRefused = Literal["hold", "refuse"]
Kind = HeldBy | Literal["repeats"]

REPEAT_WITHIN_S: Final = 600
"""How long the text of a person counts as a repeat."""

_REFUSALS: Final[dict[Kind, str]] = {
    "words": "This room does not allow a word of your message; change it and send it again.",
    "links": "This room does not allow links; remove the link and send the message again.",
    "repeats": "You sent the same text in this room a few minutes ago; write something else.",
}
_REFUSALS_OF_NAMES: Final[dict[Kind, str]] = {
    "words": "This room does not allow a word of your nickname; choose another nickname to write here.",
    "links": "This room does not allow links, not even in nicknames; choose another nickname to write here.",
}

MAX_NICKNAMES: Final = 1_000
"""Nicknames whose check one filter keeps. Overflow rule: CLEAR; they are checked again."""


@dataclass(frozen=True, slots=True)
class FilterRules:
    """The filters of a room, as its hosts have set them."""

    words: tuple[str, ...] = ()
    words_action: HeldOrRefused = "refuse"
    links: Action = "allow"
    repeats: Literal["allow", "refuse"] = "allow"


@dataclass(frozen=True, slots=True)
class Hit:
    """The filter that matches a text, and what the room then does. `in_nickname`: it is the nickname that matched."""

    kind: HeldBy
    action: HeldOrRefused
    in_nickname: bool = False


NO_FILTERS: Final = FilterRules()


@dataclass(frozen=True, slots=True, kw_only=True)
class FilterChange:
    """The filters to change; None keeps the present ones."""

    words: tuple[str, ...] | None = None
    words_action: HeldOrRefused | None = None
    links: Action | None = None
    repeats: Literal["allow", "refuse"] | None = None

    def applied_to(self, rules: FilterRules) -> FilterRules:
        changes = {name: value for name, value in asdict(self).items() if value is not None}
        return replace(rules, **changes)


@dataclass(frozen=True, slots=True)
class TextCheck:
    """The result of a check against the filters of one version; 0 is that of a room that never had filters.

    `digest` is that of the text, if the room refuses repeats.
    """

    version: int
    hit: Hit | None = None
    digest: bytes | None = None


UNFILTERED: Final = TextCheck(0)


class TextFilter:
    """The filters of a room in one version. The first check builds the automaton of the words, unless `build` has."""

    def __init__(self, version: int, rules: FilterRules) -> None:
        self.version = version
        self.rules = rules
        self.letters = letters_of(rules.words)
        self._automaton: WordAutomaton | None = None
        self._passed = TextCheck(version)
        self._nicknames: dict[str, Hit | None] = {}

    @property
    def is_built(self) -> bool:
        return self._automaton is not None or not self.rules.words

    def build(self) -> WordAutomaton:
        if self._automaton is None:
            self._automaton = WordAutomaton(self.rules.words)
        return self._automaton

    def check(self, text: str, nickname: str | None = None) -> TextCheck:
        """A filter that refuses takes precedence over one that holds. A new message also shows its `nickname`."""
        hit = self._hit(text)
        if nickname is not None and (hit is None or hit.action != "refuse"):
            in_nickname = self._hit_in_nickname(nickname)
            if in_nickname is not None and (hit is None or in_nickname.action == "refuse"):
                hit = in_nickname
        if self.rules.repeats == "refuse":
            return TextCheck(self.version, hit, text_digest(text))
        return self._passed if hit is None else TextCheck(self.version, hit)

    def _hit_in_nickname(self, nickname: str) -> Hit | None:
        try:
            return self._nicknames[nickname]
        except KeyError:
            pass
        if len(self._nicknames) >= MAX_NICKNAMES:
            self._nicknames.clear()
        hit = self._hit(nickname)
        self._nicknames[nickname] = None if hit is None else replace(hit, in_nickname=True)
        return self._nicknames[nickname]

    def _hit(self, text: str) -> Hit | None:
        automaton = self.build() if self.rules.words else None
        links = self.rules.links
        if text.isascii():  # the quick checks miss no hit
            if automaton is not None and not automaton.may_match(text):
                automaton = None
            if links != "allow" and not may_have_link(text):
                links = "allow"
        if automaton is None and links == "allow":
            return None
        readings = readings_of(text)
        hits = []
        if automaton is not None and any(automaton.matches(folded) for _, folded in readings):
            hits.append(Hit("words", self.rules.words_action))
        if links != "allow" and any(has_link(shown, folded) for shown, folded in readings):
            hits.append(Hit("links", links))
        return next((hit for hit in hits if hit.action == "refuse"), hits[0] if hits else None)


class FiltersChanged(ChatError):
    """The text must be checked against newer filters first. To build them under the room's lock would take too long."""

    def __init__(self, text_filter: TextFilter) -> None:
        super().__init__(
            "store_unavailable",
            "The filters of this room keep changing; send the same message again.",
            retry_after_s=1,
        )
        self.text_filter = text_filter


def letters_of(words: Iterable[str]) -> int:
    """What it costs to build and keep the automaton of these words."""
    return sum(len(fold(word)) for word in words)


def refused(kind: Kind, *, in_nickname: bool = False) -> ChatError:
    sentences = _REFUSALS_OF_NAMES if in_nickname else _REFUSALS
    return ChatError("message_refused", sentences[kind], filter=kind)


def text_digest(text: str) -> bytes:
    """Equal for texts that look the same. Stored in place of the text, see REPEAT_WITHIN_S."""
    return sha256(" ".join(fold(text).split()).encode()).digest()[:16]
