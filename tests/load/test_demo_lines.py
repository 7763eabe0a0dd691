import pytest

from chat_contract.limits import MAX_TEXT_CODE_POINTS
from chat_server.text.names import clean_nickname
from load_tests.demo.lines import ANSWERS, LINES, PEOPLE


@pytest.mark.parametrize("language", ["en", "ko", "ja"])
def test_a_crowd_has_enough_to_say_in_each_language(language: str) -> None:
    lines = [*LINES[language], *ANSWERS[language].values()]
    assert len(set(lines)) == len(lines) >= 60
    assert all(0 < len(line) <= MAX_TEXT_CODE_POINTS for line in lines)
    assert len(ANSWERS[language]) >= 10


def test_every_name_of_the_crowd_is_accepted_and_used_once() -> None:
    assert [clean_nickname(name) for name, _ in PEOPLE] == [name for name, _ in PEOPLE]
    assert len({name for name, _ in PEOPLE}) == len(PEOPLE)


def test_also_the_first_few_people_speak_all_languages() -> None:
    assert [language for _, language in PEOPLE[:6]] == ["en", "ko", "ja"] * 2
