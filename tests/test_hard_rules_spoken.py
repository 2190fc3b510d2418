"""The hard rules that only a conversation shows: a real desk on a real database, in every flow; and each one broken.

Every rule here has a function that says where it is broken. It finds nothing in what is shipped, and something once the
content or a part of the program is spoilt.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from walking import Talk, kinds, offered, step_named, texts

from bot import session
from bot.advice_log import AdviceLog
from bot.areas import release_problems
from bot.checks.words import NATIONAL_LINES, NUMBER
from bot.clock import stamp
from bot.events import Chose, Do, Marked
from bot.library import Library
from bot.models import AskStep, Evidence, Mark, PromptsStep
from bot.reading import content_root
from bot.replay import DECLINE
from bot.session import Desk

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from walking import Clock

    from bot.session import Said

    Begin = Callable[..., Talk]

FLOWS = sorted(path.stem for path in (content_root() / "dialogues" / "flows").glob("*.yaml"))
FEW = FLOWS[:3]
SETTLED = ("no_sign", "not_soon")
NAME, NUMBER_TYPED = "Jessamine Arkwright", "07700 900123"
LIMITS = ("for England", "local procedures", "someone senior who is not involved", "2026", "not the child's record")


@pytest.fixture
def begin(tmp_path: Path, clock: Clock) -> Callable[..., Callable[[str], Talk]]:
    """Return a way to set up a desk on a database of its own, over any library."""

    def over(library: Library, area: str = "england") -> Callable[[str], Talk]:
        log = AdviceLog.open(tmp_path / f"{area}-{library.version[:12]}.db")
        log.keep_content(library.version, "shipped", library.compiled, stamp(clock()))
        desk = Desk(log, library, area=area, clock=clock)
        return lambda who: Talk(desk, desk.person(who))

    return over


def spoilt(library: Library, **parts: Any) -> Library:
    """Return the content with some parts of it replaced."""
    return Library(library.content.model_copy(update=parts))


def relined(library: Library, line: str, old: str, new: str) -> Library:
    """Return the content with one fixed line changed."""
    assert old in library.lines[line].text
    return spoilt(
        library,
        lines=tuple(
            one.model_copy(update={"text": one.text.replace(old, new)}) if one.id == line else one
            for one in library.content.lines
        ),
    )


def through(talk: Talk, flow: str) -> Iterator[Said]:
    """Go through a flow to its end by the most worrying answers that are no emergency, and yield all that is said."""
    said = talk.go(flow)
    for _ in range(80):
        yield said
        last = said.out["replies"][-1]
        if said.out["closed"] or not last["options"]:
            return
        asks = step_named(talk.desk.library, said.out["step"])
        if isinstance(asks, PromptsStep):
            said = talk.say(Marked(tuple((prompt.id, Mark.WORRY) for prompt in asks.prompts)))
        elif isinstance(asks, AskStep):
            real = [option for option in asks.options if not option.open and not option.emergency]
            said = talk.say(Chose((max(real, key=lambda option: option.concern).id,)))
        else:
            said = talk.say(Chose((DECLINE,)))
    raise AssertionError(f"{flow} does not end")


# --- H1 ------------------------------------------------------------------------------------------------


def alarms_missed(someone: Callable[[str], Talk], flows: Iterable[str]) -> list[str]:
    """Return where an emergency that is typed does not bring the 999 card, before anything else."""
    missed = []
    for flow in flows:
        for answers in ((), SETTLED):
            talk = someone(f"{flow} {answers}")
            opened = talk.go(flow, *answers)
            said = talk.say("he's not breathing")
            if kinds(said) != ["danger"] or "999" not in texts(said) or (not answers and "999" not in texts(opened)):
                missed.append(f"{flow} after {answers}: {kinds(said)}")
    fresh = someone("nobody yet").say("she has stopped breathing")
    return missed if kinds(fresh) == ["danger"] else [*missed, "at the very start"]


def test_h1_a_typed_emergency_goes_straight_to_999_in_every_flow(library: Library, begin: Any) -> None:
    """At the first question and at a later one, in all flows, and before any: the card first, and 999 is always in sight."""
    assert not alarms_missed(begin(library), FLOWS)


def test_h1_broken_without_its_phrases(library: Library, begin: Any) -> None:
    """Without the phrases that mean danger, and without emergencies to learn from, every alarm is missed."""
    few = {about: texts[:3] for about, texts in library.content.examples.items() if about != "danger_live"}
    without = spoilt(library, danger_phrases=(), examples=few)
    assert len(alarms_missed(begin(without), FEW)) == 2 * len(FEW) + 1


# --- H22 and H25, on the whole way through every flow -----------------------------------------------------


def numbers_said(someone: Callable[[str], Talk], flows: Iterable[str]) -> set[str]:
    """Return the telephone numbers that are said, beside the national lines."""
    said = {number for flow in flows for one in through(someone(flow), flow) for number in NUMBER.findall(texts(one))}
    return said - NATIONAL_LINES


def last_said(talk: Talk, flow: str) -> str:
    """Return the last screen of a flow."""
    *_, last = through(talk, flow)
    return texts(last)


def unlimited(someone: Callable[[str], Talk], flows: Iterable[str]) -> list[str]:
    """Return the flows whose last screen does not say what this guidance is and whose word comes first."""
    return [flow for flow in flows if not all(part in last_said(someone(flow), flow) for part in LIMITS)]


@pytest.mark.parametrize("flow", FLOWS)
def test_h22_and_h25_on_the_way_through_every_flow(library: Library, begin: Any, flow: str) -> None:
    """Where no area is set no number is said that nobody has checked; and the last screen says its limits."""
    someone = begin(library)
    assert not numbers_said(someone, [flow])
    assert not unlimited(someone, [flow])


def test_h22_without_a_number_the_way_to_the_council_is_said(library: Library, begin: Any) -> None:
    """The council's number, the emergency duty team by it, 101 only if that fails, and 999 in danger."""
    said = texts(begin(library)("somebody").go("mark_on_child", *SETTLED, "not_mobile"))
    assert "ask for children's social care" in said
    assert "council's main number and ask for the emergency duty team; 101 only if that fails; 999 in danger" in said


def test_h22_broken_where_a_pack_has_numbers(library: Library, begin: Any) -> None:
    """The same look finds the invented numbers of the demonstration pack."""
    assert numbers_said(begin(library, "demonstration"), FEW)


def test_h25_broken_where_the_line_forgets(library: Library, begin: Any) -> None:
    """Without the words on local procedures every flow is named."""
    someone = begin(relined(library, "limits", "Your local procedures, and your", "Your"))
    assert unlimited(someone, FEW) == FEW


# --- H23 -----------------------------------------------------------------------------------------------


def leaks(someone: Callable[[str], Talk], folder: Path, flows: Iterable[str]) -> list[str]:
    """Return where what identifies somebody is kept, repeated, or not pointed out."""
    found = []
    for flow in flows:
        talk = someone(flow)
        talk.go(flow, *SETTLED)
        said = talk.say(f"her name is {NAME}, {NUMBER_TYPED}")
        if not said.guarded or "could identify" not in texts(said):
            found.append(f"{flow}: not pointed out")
        if NAME in texts(said) or NUMBER_TYPED in texts(said):
            found.append(f"{flow}: repeated")
    kept = b"".join(path.read_bytes() for path in folder.iterdir() if path.is_file())
    return found + [f"{what} is kept" for what in (NAME, NUMBER_TYPED) if what.encode() in kept]


def test_h23_what_identifies_is_never_kept_or_repeated_in_any_flow(
    library: Library, begin: Any, tmp_path: Path
) -> None:
    """A name and a number typed in the middle of each flow are pointed out, not repeated, and nowhere on disk."""
    assert not leaks(begin(library), tmp_path, FLOWS)


def test_h23_broken_without_the_guard(
    library: Library, begin: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without the guard nothing is pointed out; and a byte of it on disk is found."""
    monkeypatch.setattr(session, "identifiers", lambda _: ())
    (tmp_path / "note").write_text(NAME, encoding="utf-8")
    assert leaks(begin(library), tmp_path, FEW) == [*(f"{flow}: not pointed out" for flow in FEW), f"{NAME} is kept"]


# --- H24 -----------------------------------------------------------------------------------------------

WRITERS = {
    "my dad hits me and I'm scared": ("for_a_child", "0800 1111"),
    "I'm worried about my own child": ("for_a_parent", "0808 800 5000"),
}


def led_through_a_flow(someone: Callable[[str], Talk], flows: Iterable[str]) -> list[str]:
    """Return where a child or a parent is not taken out of the flow, to 999 and a person."""
    found = []
    for flow in ("", *flows):
        for words, (card, line) in WRITERS.items():
            talk = someone(f"{flow} {card}")
            if flow:
                talk.go(flow)
            said = talk.say(words)
            wrong = "is the child" in texts(said).lower() or "nothing is stored" in texts(said).lower()
            if said.out["step"] != f"{card}/card" or "999" not in texts(said) or line not in texts(said) or wrong:
                found.append(f"{flow or 'no flow'}: {card}")
            elif "leave" not in offered(said):
                found.append(f"{flow or 'no flow'}: no way to leave")
    return found


def test_h24_a_child_or_a_parent_is_taken_out_of_every_flow(library: Library, begin: Any) -> None:
    """Before any flow and in each: their own card, 999, a number with a person, and no question about "the child"."""
    assert not led_through_a_flow(begin(library), FLOWS)


def test_h24_broken_without_its_phrases(library: Library, begin: Any) -> None:
    """Without the phrases by which they are known, and without examples to learn it from, the same look names every flow."""
    few = {about: texts[:3] for about, texts in library.content.examples.items() if not about.startswith("writer_")}
    assert len(led_through_a_flow(begin(spoilt(library, writers={}, examples=few)), FEW)) == 2 * (len(FEW) + 1)


def test_h24_broken_where_the_card_has_no_number(library: Library, begin: Any) -> None:
    """A card without Childline is found."""
    card = library.blocks["for_a_child"]
    (asks,) = card.steps
    assert isinstance(asks, AskStep)
    bare = card.model_copy(update={"steps": (asks.model_copy(update={"ask": asks.ask.replace("0800 1111", "")}),)})
    blocks = tuple(bare if block.id == card.id else block for block in library.content.blocks)
    assert "no flow: for_a_child" in led_through_a_flow(begin(spoilt(library, blocks=blocks)), ())


# --- H27, H41 -------------------------------------------------------------------------------------------


def test_h27_a_pack_without_a_current_emergency_duty_number_is_not_fit(library: Library) -> None:
    """No number, or one past its date: each is a reason not to use the pack; a current one is none."""
    pack = library.areas["demonstration"].model_copy(update={"demonstration": False})
    team = pack.contacts["emergency_duty_team"].model_copy(update={"evidence": Evidence.PRIMARY})
    pack = pack.model_copy(update={"contacts": {**pack.contacts, "emergency_duty_team": team}})
    day = "2026-11-21"
    assert not release_problems(pack, day)
    for worse in (team.model_copy(update={"number": None}), team.model_copy(update={"review_by": "2026-11-20"})):
        spoilt_pack = pack.model_copy(update={"contacts": {**pack.contacts, "emergency_duty_team": worse}})
        assert any("emergency duty team" in problem for problem in release_problems(spoilt_pack, day))


def said_on_withdrawal(talk: Talk) -> str:
    """Say that the child goes home to the one who is feared, then that they do not, and return what is said to that."""
    talk.go("new_partner", "no_sign", "soon")
    talk.say(Do("change", "danger_check/before_contact"))
    return texts(talk.choose("not_soon"))


def test_h41_a_changed_answer_does_not_call_a_call_back(library: Library, begin: Any) -> None:
    """Where a changed answer withdraws advice, it is said that a call already made stays made; else this is seen."""
    kept = "If you have already rung, leave it so"
    assert kept in said_on_withdrawal(begin(library)("somebody"))
    assert kept not in said_on_withdrawal(begin(relined(library, "withdrawn", kept, "Never mind"))("somebody"))
