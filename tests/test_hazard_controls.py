"""Controls of the hazard log that no other test proves: silence, other languages, labels, clocks, being turned away."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from walking import texts

from bot.advice_log import verify
from bot.events import Do

if TYPE_CHECKING:
    from collections.abc import Callable

    from walking import Clock, Talk

    from bot.advice_log import AdviceLog
    from bot.library import Library

TURNED_AWAY = (
    *("not_enrolled", "code_unknown", "too_fast", "group_refused", "media_refused", "too_long"),
    *("failed", "given_up", "cannot_answer", "not_signed", "no_such_role", "not_understood", "not_understood_again"),
)
NO_WAITING = "If I don't answer, don't wait for me."


def test_the_greeting_says_what_it_is_and_that_nobody_should_wait_for_it(talk: Callable[..., Talk]) -> None:
    """999 first; a machine, for England, that wants no names, decides nothing, and must not be waited for if it is silent."""
    person = talk()
    greeting, help_ = texts(person.say(Do("begin"))), texts(person.say("help"))
    for words in ("999", "a machine", "England", "No names please", NO_WAITING):
        assert words in greeting, words
    for words in ("999", "I never decide for you", "I never say a child is safe", NO_WAITING):
        assert words in help_, words
    assert greeting.index("999") < greeting.index("a machine")


@pytest.mark.parametrize(
    "typed",
    [
        "Dziecko nie oddycha",
        "Zauważyłam siniak u dziecka",
        "copilul nu respiră, ajutor",
        "Mae gan y plentyn glais",
        "بچے کے جسم پر نشان ہے",
        "عندي قلق على طفل",
        "孩子身上有瘀伤",
        "বাচ্চার গায়ে দাগ দেখেছি",
        "Dzieecko 🙏🙏",
    ],
)
def test_words_in_another_language_open_nothing_and_get_999_and_whom_to_tell(
    talk: Callable[..., Talk], typed: str
) -> None:
    """They are not read here: no flow is guessed, and 999, the lead and social care stand in the answer."""
    said = talk().say(typed)
    assert said.out["flow"] is None
    assert said.out["decision"] in {"unknown", "choose"}
    for words in ("999", "safeguarding lead, or someone senior who is not involved", "children's social care"):
        assert words in texts(said)
    assert typed not in texts(said)


@pytest.mark.parametrize("line", TURNED_AWAY)
def test_whatever_turns_somebody_away_names_999(content: Library, line: str) -> None:
    """Whatever the reason is for which somebody gets no guidance: 999 stands in the words, first of all for who may be a child."""
    text = content.lines[line].text
    assert "999" in text
    if line in {"not_enrolled", "too_fast", "media_refused"}:
        assert "999" in text.split(".")[0]


def test_no_two_cases_of_a_person_get_the_same_label(talk: Callable[..., Talk], log: AdviceLog) -> None:
    """However many cases somebody has, each has two words of its own while there are any left."""
    person = talk()
    for _ in range(60):
        person.go("mark_on_child", "no_sign")
        person.say("stop")
    labels = list(log.labels_of(person.person.id))
    assert len(labels) == len(set(labels)) == 60


def test_a_clock_that_jumps_back_breaks_nothing(talk: Callable[..., Talk], log: AdviceLog, clock: Clock) -> None:
    """The conversation goes on where it was, in the order in which it was held, and the record proves itself."""
    person = talk(can_remind=True)
    person.go("mark_on_child", "no_sign")
    clock.now -= timedelta(hours=30)
    said = person.to_the_end(person.say(Do("again")))
    assert said.out["closed"]
    assert verify(log.connection)[1] is None
