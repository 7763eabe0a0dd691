"""Who says what in the demo: lines in random order, answers, mentions, and reactions to recent messages."""

from collections import deque
from collections.abc import Sequence
from random import Random
from typing import Final, NamedTuple

from load_tests.demo.lines import ANSWERS, LINES, PEOPLE, Person

RECENT: Final = 30
"""Messages that people still answer or react to. Overflow rule: OLDEST."""

ANSWER_SHARE: Final = 0.5
"""The share of lines that get their answer while they are recent and somebody speaks."""

MENTION_SHARE: Final = 0.08

REACTIONS: Final = ("heart", "heart", "heart", "laugh", "laugh", "sad")


class Said(NamedTuple):
    """A message that the room has accepted."""

    message_id: str
    speaker: Person
    text: str


class Draft(NamedTuple):
    """What a person is about to post; `reply_to` is the id of a message."""

    speaker: Person
    text: str
    reply_to: str | None = None


class Talk:
    """`rng` decides everything, so that a test can choose the conversation."""

    def __init__(self, rng: Random) -> None:
        self._rng = rng
        self._decks: dict[str, list[str]] = {language: [] for language in LINES}
        self._recent: deque[Said] = deque(maxlen=RECENT)
        self._unanswered: deque[Said] = deque(maxlen=RECENT)

    def heard(self, said: Said) -> None:
        """Let others answer and react to this message."""
        self._recent.append(said)
        if said.text in ANSWERS[said.speaker.language]:
            self._unanswered.append(said)

    def next_draft(self, authors: int) -> Draft:
        """What one of the first `authors` people says next."""
        speakers = PEOPLE[:authors]
        if self._unanswered and self._rng.random() < ANSWER_SHARE:
            question = self._unanswered.popleft()
            others = self._others(speakers, question.speaker)
            if others:
                answer = ANSWERS[question.speaker.language][question.text]
                return Draft(self._rng.choice(others), answer, question.message_id)
        speaker = self._rng.choice(speakers)
        text = self._line(speaker.language)
        if text not in ANSWERS[speaker.language] and self._rng.random() < MENTION_SHARE:
            heard = [said.speaker for said in self._recent]
            if others := self._others(heard, speaker):
                text = f"@{self._rng.choice(others).name} {text}"
        return Draft(speaker, text)

    def next_reaction(self) -> tuple[Said, str] | None:
        """A recent message and a kind of reaction; None before the first message."""
        if not self._recent:
            return None
        return self._rng.choice(self._recent), self._rng.choice(REACTIONS)

    def _others(self, people: Sequence[Person], person: Person) -> list[Person]:
        """Those of the people who speak the person's language."""
        return [other for other in people if other.language == person.language and other != person]

    def _line(self, language: str) -> str:
        """Each line once, then all again in another order."""
        deck = self._decks[language]
        if not deck:
            deck.extend(LINES[language])
            self._rng.shuffle(deck)
        return deck.pop()
