"""Which texts have a word of a filter: tricks to evade it, and normal texts that only look similar."""

from itertools import islice, product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat_server.filters.word_automaton import WordAutomaton, readings, token_lists
from chat_server.text.folding import fold
from chat_server.text.rules import clean_message_text

WORDS = (
    "shit",
    "viagra",
    "ass",
    "buy now",
    "scunthorpe fan",
    "сука",
    "바보",
    "병신",
    "笨蛋",
    "ばか",
    "ไอ้บ้า",
    "हरामी",
    "🍆",
    "a55",
)


def matches(automaton: WordAutomaton, text: str) -> bool:
    return automaton.matches(fold(text))


@pytest.fixture(scope="module")
def automaton() -> WordAutomaton:
    return WordAutomaton(WORDS)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("what a shit", id="plain"),
        pytest.param("SHIT!", id="case"),
        pytest.param("“shit”, they said", id="quotes"),
        pytest.param("ｓｈｉｔ", id="full width"),
        pytest.param("ＶＩＡＧＲＡ", id="full width capitals"),
        pytest.param("s\u200bh\u200ci\u2060t", id="zero width"),
        pytest.param("sh\u00adit", id="soft hyphen"),
        pytest.param("sh\U000e0069it", id="tag characters"),
        pytest.param("s\u0301h\u0336i\u0489t", id="combining marks"),
        pytest.param("śhıţ", id="letters with marks"),
        pytest.param("ѕһіt", id="Cyrillic look-alikes"),
        pytest.param("νιαgrа", id="Greek look-alikes"),
        pytest.param("𝓿𝓲𝓪𝓰𝓻𝓪", id="mathematical letters"),
        pytest.param("ⓥⓘⓐⓖⓡⓐ", id="circled letters"),
        pytest.param("🅢🅗🅘🅣", id="negative circled letters"),
        pytest.param("🇸🇭🇮🇹", id="regional indicators"),
        pytest.param("ꜱʜɪᴛ", id="small capitals"),
        pytest.param("s h i t", id="spaced"),
        pytest.param("s.h.i.t", id="dotted"),
        pytest.param("s-h_i*t", id="other separators"),
        pytest.param("s\u3000h\u2003i\u00a0t", id="wide spaces"),
        pytest.param("oh s h i t again", id="spaced within a sentence"),
        pytest.param("what a s h i t", id="spaced after a single letter"),
        pytest.param("shiiiiit", id="stretched"),
        pytest.param("what an ASSSS", id="stretched at the end"),
        pytest.param("shIiIiIt", id="stretched in changing case"),
        pytest.param("vvvviaaaagra", id="stretched twice"),
        pytest.param("sukа сууука", id="stretched Cyrillic word"),
        pytest.param("via gra", id="split in two"),
        pytest.param("v-iag-ra cheap", id="split in three"),
        pytest.param("v1agra", id="digit"),
        pytest.param("sh1t", id="digit in a short word"),
        pytest.param("sh!t", id="sign inside"),
        pytest.param("$hit", id="sign before"),
        pytest.param("a$$", id="signs after"),
        pytest.param("(@s$)!", id="signs on both sides and brackets"),
        pytest.param("vlagra", id="l for i"),
        pytest.param("vIAgra", id="capital I"),
        pytest.param("BUY   NOW", id="phrase"),
        pytest.param("buynow", id="phrase in one word"),
        pytest.param("b u y n o w", id="phrase spaced"),
        pytest.param("buy, now!", id="phrase with punctuation"),
        pytest.param("ну ты и сука", id="Cyrillic word"),
        pytest.param("cyкa", id="Latin look-alikes in a Cyrillic word"),
        pytest.param("이 바보야", id="Korean with a particle"),
        pytest.param("바.보", id="Korean with a dot"),
        pytest.param("바 보", id="Korean with a space"),
        pytest.param("ㅂㅏㅂㅗ", id="Korean in single jamo"),
        pytest.param("바보ㅋㅋㅋ", id="Korean with a laugh"),
        pytest.param("ㅂㅕㅇㅅㅣㄴ", id="Korean in single jamo with finals"),
        pytest.param("병ㅅㅣㄴ", id="Korean partly in single jamo"),
        pytest.param("바\u200b보", id="Korean with a zero-width space"),
        pytest.param("바\u0336보", id="Korean with a combining mark"),
        pytest.param("你是笨蛋吗", id="Chinese"),
        pytest.param("你是笨 蛋", id="Chinese with a space"),
        pytest.param("ほんとばかだね", id="Japanese"),
        pytest.param("ไอ้บ้าเอ๊ย", id="Thai"),
        pytest.param("तू हरामी है", id="Hindi"),
        pytest.param("🍆\ufe0f", id="emoji"),
        pytest.param("my A55", id="word with digits"),
    ],
)
def test_a_word_is_found_however_it_is_written(automaton: WordAutomaton, text: str) -> None:
    clean = clean_message_text(text)
    assert matches(automaton, clean)
    assert not clean.isascii() or automaton.may_match(clean)


@pytest.mark.parametrize(
    "text",
    [
        "Scunthorpe, Essex and Penistone have a class of assassins",
        "the pass is grass, brass or glass",
        "shitake, or rather shiitake",
        "as she said, a sharp hit",
        "I assume so. As such, as so.",
        "it costs 455 won, call 555 5411",
        "Push it! Wash it! is hit",
        "buyer, nowhere",
        "buy it now",
        "an us citizen",
        "sooo as I said, see www.example.com",
        "heeey, as hit songs go",
        "병 신고",
        "A, b, c. i t",
        "바봄이 왔다",
        "나바 보관소",
        "가방 보관",
        "はか",
        "ばが",
        "हरा मी",
        "笨的蛋",
        "сук",
        "🍎",
        "",
    ],
)
def test_normal_text_is_not_mistaken_for_a_word(automaton: WordAutomaton, text: str) -> None:
    assert not matches(automaton, text)


def test_short_words_keep_i_and_l_apart() -> None:
    automaton = WordAutomaton(["heil", "balls"])
    assert not matches(automaton, "what the hell, nobody bails out")
    assert matches(automaton, "HEIL") and matches(automaton, "HElL") is False
    kill = WordAutomaton(["kill", "ill"])
    assert all(matches(kill, text) for text in ("kIII", "KIII", "k!|I", "III", "you kIII it"))
    assert not any(matches(kill, text) for text in ("kiIo", "Killa", "IIII", "I, II and IV"))
    assert matches(automaton, "baIIs") and matches(automaton, "ba11s") and matches(automaton, "ba||s")


def test_spelled_words_are_found_in_any_mix_of_look_alikes() -> None:
    automaton = WordAutomaton(["kill", "boob", "lol", "slut"])
    for text in (
        "k I l l",
        "K.i.I.l",
        "k 1 l I",
        "b 0 O b",
        "b o 0 b",
        "L 0 I",
        "s 1 u t",
        "5 l u t",
    ):
        assert matches(automaton, text), text
    for text in ("1 0 1", "k 1 1 1 1", "b 0 0 t", "call 1 0 1 0"):
        assert not matches(automaton, text), text


@given(
    words=st.lists(st.text("aeiIlmrns01 $@!(+_", min_size=1, max_size=5), min_size=1, max_size=3),
    text=st.text("aeiIlLMmrns015 $@!(+_.", max_size=24),
)
def test_the_quick_check_of_ascii_misses_no_word(words: list[str], text: str) -> None:
    automaton = WordAutomaton(words)
    assert automaton.may_match(text) or not matches(automaton, text)


@pytest.mark.parametrize(
    "text",
    [
        "hello everybody, what a great show!",
        "@mina did you see that?!",
        "it costs 20 won.",
        "goooooal, loooool, nooo waaay",
    ],
)
def test_usual_texts_need_only_the_quick_check(text: str) -> None:
    assert not WordAutomaton(WORDS[:4]).may_match(text)


def test_tokens_with_several_readings_make_no_phrase_with_others() -> None:
    automaton = WordAutomaton(["ill lil"])
    assert not matches(automaton, "III of IIl")
    assert matches(automaton, "ill lil")


def test_a_word_of_signs_only_is_found_as_it_is() -> None:
    automaton = WordAutomaton(["卐", "!!!", "c++"])
    assert (
        matches(automaton, "look: 卐") and matches(automaton, "no!!!") and matches(automaton, "I like C++.")
    )
    assert not matches(automaton, "no!! c")


def test_many_short_tokens_with_i_and_l_are_read_in_bounded_growth() -> None:
    tokens = map("".join, product("abcdeI!|", repeat=5))
    text = " ".join(islice((token for token in tokens if token.count("I") > 1), 666))
    size = sum(len(readings(tokens)) for tokens in token_lists(fold(text)))
    assert size <= 60 * len(text)


def test_no_words_match_nothing() -> None:
    assert not matches(WordAutomaton([]), "anything")
    assert not matches(WordAutomaton(["\u00ad"]), "anything")


@pytest.mark.parametrize(
    "unit", ["a", "a ", "ﷺ", "!", "a!", "가 ", "I", "क्ष", "\u0e33", "1a", "I!I!I ", "aI!I| "]
)
def test_hostile_texts_of_full_length_are_read_in_bounded_growth(unit: str) -> None:
    text = (unit * 4000)[:4000]
    size = sum(len(readings(tokens)) for tokens in token_lists(fold(text)))
    assert size <= 60 * len(text)
