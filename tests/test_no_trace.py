"""Whatever identifies somebody, and wherever it is typed: it is in no reply and in no byte of any file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from exercising import House, practice
from walking import Talk, texts

from bot.advice_log import queue
from bot.events import Chose, Do, Open
from bot.exercises import lobby
from bot.exercises.codes import name_of
from bot.guard import Identifier, identifiers
from bot.learning import KEEP_WORDS
from bot.session import Desk

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from walking import Clock

    from bot.advice_log import AdviceLog
    from bot.library import Library

TYPED: dict[Identifier, tuple[str, ...]] = {
    Identifier.NAME: ("Jessica Arkwright", "wojciech"),
    Identifier.BIRTH_DATE: ("dob 17/03/2019", "born 17 march 2019"),
    Identifier.PHONE: ("07700 900173", "o7700 900 173"),
    Identifier.EMAIL: ("jess.ark@example.org", "jessark at gmail dot com"),
    Identifier.POSTCODE: ("WV10 9RU", "wv109ru"),
    Identifier.ADDRESS: ("14 Tamarind Lane", "flat 2, 14 tamarind ln"),
    Identifier.NHS_NUMBER: ("943 476 5919", "9434765919"),
    Identifier.PUPIL_NUMBER: ("H801200001001", "h801200001001"),
    Identifier.HANDLE: ("@jess_ark7", "tiktok.com/@jessark7"),
}
SECRETS = [pytest.param(kind, words, id=words) for kind, several in TYPED.items() for words in several]
SETTLED = ("no_sign", "not_soon")
SENTENCE = "order paper for lunch please, {} is here"


def parts(words: str) -> list[str]:
    """Return what nothing may hold: the words, and each piece of them that is nobody else's."""
    longest = max(words.replace(",", "").split(), key=len)
    return [words, longest] if len(longest) > 5 else [words]


def held(folder: Path, words: str) -> list[str]:
    """Return the files, beside the record or the exercises, that hold a piece of some words in any case."""
    return [
        f"{path.name} holds {part}"
        for path in folder.rglob("*")
        if path.is_file()
        for part in parts(words)
        if part.lower().encode() in path.read_bytes().lower()
    ]


def repeated(said: str, words: str) -> list[str]:
    """Return the pieces of some words that a reply holds."""
    return [part for part in parts(words) if part.lower() in said.lower()]


@pytest.mark.parametrize(("kind", "words"), SECRETS)
def test_nothing_typed_in_a_conversation_is_kept_or_repeated(
    talk: Callable[..., Talk], log: AdviceLog, tmp_path: Path, kind: Identifier, words: str
) -> None:
    """As first words, an answer, a label, a new situation, a note on a prompt, behind a command: pointed out and gone."""
    assert kind in identifiers(words)
    said = [talk("first").say(f"I've seen a mark on a child, {words}")]
    answering = talk("answers")
    answering.go("mark_on_child", *SETTLED)
    said += [
        answering.say(words),
        answering.say(f"no, {words}"),
        answering.say(f"there's a new partner in the house, {words}"),
    ]
    said += [
        answering.say(f"{command} {words}")
        for command in ("/search", "search", "why", "/join", "/start", "label", "1", "change")
    ]
    ended = talk("ends")
    ended.say(Do("begin"))
    ended.say(Open("new_partner"))
    said += [
        ended.say(words),
        ended.say(Do("stop"), key=None),
        ended.say(f"amber anchor {words}"),
        ended.say(f"999 {words}"),
        ended.say(f"i am nine and {words}"),
    ]
    log.leave_no_trace()
    assert held(tmp_path, words) == []
    assert repeated("\n".join(map(texts, said)), words) == []
    pointed_out = [one.guarded for one in said]
    assert pointed_out.count(False) == 1  # the tap on Stop


@pytest.mark.parametrize(("kind", "words"), SECRETS)
def test_who_somebody_is_on_a_channel_is_kept_as_a_pseudonym(
    log: AdviceLog, content: Library, tmp_path: Path, kind: Identifier, words: str
) -> None:
    """A name given as `--person` is turned into a number that nobody can turn back."""
    assert kind in identifiers(words)
    desk = Desk(log, content)
    said = Talk(desk, desk.person(words)).say(Open("new_partner"))
    log.leave_no_trace()
    assert held(tmp_path, words) == []
    assert repeated(texts(said), words) == []


@pytest.mark.parametrize(("kind", "words"), SECRETS)
def test_words_with_an_identifier_are_never_offered_to_a_lead(
    log: AdviceLog,
    content: Library,
    clock: Clock,
    matchers: dict[str, Any],
    tmp_path: Path,
    kind: Identifier,
    words: str,
) -> None:
    """Where learning is on, nobody is asked whether such words may be kept, and a yes keeps nothing."""
    assert kind in identifiers(words)
    desk = Desk(log, content, learn=True, clock=clock)
    desk._matchers = matchers
    somebody = Talk(desk, desk.person("somebody"))
    somebody.say(Do("begin"))
    said = somebody.say(SENTENCE.format(words))
    assert KEEP_WORDS not in [option["id"] for reply in said.out["replies"] for option in reply["options"]]
    said = somebody.say(Chose((KEEP_WORDS,)))
    log.leave_no_trace()
    assert queue.waiting(log) == []
    assert held(tmp_path, words) == []
    assert repeated(texts(said), words) == []


def test_the_same_words_without_it_are_offered(
    log: AdviceLog, content: Library, clock: Clock, matchers: dict[str, Any]
) -> None:
    """The test above would notice: the sentence alone is one that is offered."""
    desk = Desk(log, content, learn=True, clock=clock)
    desk._matchers = matchers
    somebody = Talk(desk, desk.person("somebody"))
    somebody.say(Do("begin"))
    said = somebody.say(SENTENCE.format("nobody"))
    assert KEEP_WORDS in [option["id"] for reply in said.out["replies"] for option in reply["options"]]


@pytest.mark.parametrize(("kind", "words"), SECRETS)
def test_nothing_typed_in_an_exercise_is_kept_or_repeated(
    content: Library, clock: Clock, tmp_path: Path, kind: Identifier, words: str
) -> None:
    """Questions, answers and the reflection of whoever plays; what a facilitator says, notes and names."""
    assert kind in identifiers(words)
    house = House(tmp_path / "t.exercises.db", content, clock, practice())
    lead, (sam,), _ = house.group("Sam")
    heard = [sam.types(f"what about {words}"), sam.types(words), sam.types(f"I would tell {words}")]
    heard += [lead.types(f"say {words}"), lead.types(f"note {words}"), lead.types(f"inject {words}"), sam.heard()]
    alone = house.somebody("alone")
    heard.append(alone.plays(house.story))
    with house.store.transaction():
        lobby.play(house.hall, alone.id, house.story, afresh=True)
    heard.append(alone.heard())
    for _ in range(12):  # to the end, typing it at every stop: the reflection is one
        heard.append(alone.types(f"I felt that {words} mattered"))
        options = [option["label"] for option in _open_options(alone)]
        if not options:
            break
        heard.append(alone.taps(options[0]))
    house.on_disk()
    house.store.close()
    assert held(tmp_path, words) == []
    assert repeated("\n".join(heard), words) == []


def _open_options(visitor: Any) -> list[dict[str, Any]]:
    mail = visitor.question_mail()
    return list(mail.out["replies"][-1]["options"])


@pytest.mark.parametrize(("kind", "words"), SECRETS)
def test_a_display_name_may_be_a_name_and_nothing_else(kind: Identifier, words: str) -> None:
    """People choose what they are called in an exercise; a number, an address or a handle is refused."""
    assert (name_of(words) == "") is (kind is not Identifier.NAME)
