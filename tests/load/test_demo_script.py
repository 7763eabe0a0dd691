from random import Random

import pytest

from load_tests.demo.lines import ANSWERS, LINES, PEOPLE
from load_tests.demo.script import MAX_CATCH_UP_S, PHASES, Arrivals, Crowd, Demand, Show
from load_tests.demo.talk import RECENT, Said, Talk

SHOW = Show(Crowd(people=1000, posts_per_s=20, fetches_per_s=6000, reactions_per_s=40), seconds=120)


@pytest.mark.parametrize(
    ("second", "phase", "demand"),
    [
        (0, "quiet", Demand(30, 6, 0.6, 180, 1.2)),
        (19.9, "quiet", Demand(30, 6, 0.6, 180, 1.2)),
        (20, "filling", Demand(30, 6, 0.6, 180, 1.2)),
        (30, "filling", Demand(515, 19, 10.3, 3090, 20.6)),
        (40, "hot", Demand(1000, 36, 20, 6000, 40)),
        (79.9, "hot", Demand(1000, 36, 20, 6000, 40)),
        (90, "leaving", Demand(515, 19, 10.3, 3090, 20.6)),
        (100, "after", Demand(30, 6, 0.6, 180, 1.2)),
        (500, "after", Demand(30, 6, 0.6, 180, 1.2)),
    ],
)
def test_the_crowd_comes_and_goes_by_the_script(second: float, phase: str, demand: Demand) -> None:
    assert SHOW.phase(second).name == phase
    assert SHOW.demand(second) == pytest.approx(demand)


def test_a_compressed_show_has_the_same_phases() -> None:
    short = Show(SHOW.crowd, seconds=6)
    for second in range(120):
        assert short.phase(second / 20).name == SHOW.phase(second).name
        assert short.demand(second / 20).posts_per_s == pytest.approx(SHOW.demand(second).posts_per_s)


def test_each_phase_begins_where_the_one_before_ends() -> None:
    assert [after.from_share for after in PHASES[1:]] == [before.to_share for before in PHASES[:-1]]
    assert [phase.until for phase in PHASES] == sorted({phase.until for phase in PHASES})
    assert PHASES[-1].until == 1.0


def test_arrivals_follow_the_rate_and_a_delay_is_made_up_for_in_part() -> None:
    arrivals = Arrivals(Random(7))
    assert sum(arrivals.take(20, 0.1) for _ in range(1000)) == pytest.approx(2000, rel=0.1)
    assert arrivals.take(0, 60) == 0
    assert arrivals.take(20, 3600) <= 2 * 20 * MAX_CATCH_UP_S


def test_people_reply_and_mention_others_in_their_own_language() -> None:
    talk = Talk(Random(7))
    language_of = {person.name: person.language for person in PEOPLE}
    said: dict[str, Said] = {}
    replies = mentions = 0
    for number in range(600):
        draft = talk.next_draft(len(PEOPLE))
        language = draft.speaker.language
        if draft.reply_to is not None:
            question = said[draft.reply_to]
            assert draft.text == ANSWERS[language][question.text]
            assert question.speaker.language == language
            assert question.speaker != draft.speaker
            replies += 1
        elif draft.text.startswith("@"):
            name = max((n for n in language_of if draft.text.startswith(f"@{n} ")), key=len)
            assert (language_of[name], name != draft.speaker.name) == (language, True)
            mentions += 1
        else:
            assert draft.text in LINES[language]
        said[str(number)] = Said(str(number), draft.speaker, draft.text)
        talk.heard(said[str(number)])
    assert replies > 30
    assert mentions > 10


def test_people_react_to_recent_messages_only() -> None:
    talk = Talk(Random(7))
    assert talk.next_reaction() is None
    for number in range(RECENT * 2):
        talk.heard(Said(str(number), PEOPLE[0], "hello"))
    chosen = [talk.next_reaction() for _ in range(200)]
    assert {int(one[0].message_id) // RECENT for one in chosen if one is not None} == {1}


def test_few_people_do_not_answer_themselves() -> None:
    talk = Talk(Random(7))
    for _ in range(200):
        talk.heard(Said("1", PEOPLE[0], next(iter(ANSWERS["en"]))))
        draft = talk.next_draft(authors=3)
        assert draft.reply_to is None
