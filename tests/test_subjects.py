"""Each child by a letter: the letter stands before each line, answers are kept by child, and the summary says whose."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from walking import at, do, question_of

from bot.asking import answers_given, open_question
from bot.dialogue import new_state, step
from bot.events import Chose, Do, Marked, Open
from bot.library import Library
from bot.models import Flow, Mark, ReplyKind
from bot.replay import walk
from bot.state import State

if TYPE_CHECKING:
    from bot.dialogue import Turn
    from bot.events import Reply

LETTERS = {"one": "A", "two": "AB", "dont_know": "AB", "three": "ABC", "four_or_more": "ABCD"}


@pytest.fixture(scope="module")
def children(content: Library) -> Library:
    """Return the content with a flow that asks about each child and closes."""
    flow = Flow.model_validate(
        {
            "id": "children",
            "title": "Children",
            "short": "Children",
            "about": "x",
            "group": "family",
            "order": 999,
            "steps": [
                {"id": "each_child", "call": "each_child"},
                {"id": "close", "close": "So far", "sources": ["H25"]},
            ],
        }
    )
    return Library(content.content.model_copy(update={"flows": (*content.content.flows, flow)}))


def prompt_of(turn: Turn) -> Reply:
    """Return the prompts that a turn ends by asking."""
    asked = question_of(turn)
    assert asked is not None
    assert asked.kind is ReplyKind.PROMPT
    return asked


def marked(turn: Turn, *marks: Mark) -> Marked:
    """Return the event of marking the open prompts, in their order."""
    return Marked(tuple(zip((prompt.id for prompt in prompt_of(turn).prompts), marks, strict=True)))


def all_of(mark: Mark) -> tuple[Mark, Mark, Mark]:
    """Return one mark for each of the three prompts."""
    return (mark, mark, mark)


@pytest.mark.parametrize("answer", list(LETTERS))
def test_each_child_is_asked_about_once_with_its_letter_first(children: Library, answer: str) -> None:
    """As many as there are; of whom it is not known how many, two."""
    turn = at(children, "children", answer)
    for letter in LETTERS[answer]:
        assert prompt_of(turn).text.startswith(f"Child {letter}: ")
        turn = step(children, turn.state, marked(turn, *all_of(Mark.KNOWN)))
    assert question_of(turn) is None
    assert turn.replies[-1].kind is ReplyKind.CLOSE


def test_answers_are_kept_by_child_and_the_summary_says_whose(children: Library) -> None:
    """The same three prompts, answered otherwise for each child: nothing overwrites anything."""
    turn = at(children, "children", "three")
    for marks in (
        (Mark.WORRY, Mark.KNOWN, Mark.KNOWN),
        all_of(Mark.KNOWN),
        (Mark.KNOWN, Mark.UNKNOWN, Mark.WORRY),
    ):
        turn = step(children, turn.state, marked(turn, *marks))
    notes = [prompt.note for prompt in children.blocks["one_child"].steps[0].prompts]  # type: ignore[union-attr]
    summary = turn.replies[-1].summary
    assert summary is not None
    assert summary.worries == (f"Child A: {notes[0]}", f"Child C: {notes[2]}")
    assert summary.unknown == (f"Child C: {notes[1]}",)
    answers = turn.state.runs[0].answers
    assert [answer.subject for answer in answers[1:]] == ["child_a", "child_b", "child_c"]
    assert answers[0].subject == ""
    assert len({answer.key for answer in answers}) == 4


def test_a_worry_about_one_child_is_none_about_another(children: Library) -> None:
    """What is established is established for that passage alone."""
    turn = at(children, "children", "two")
    turn = step(children, turn.state, marked(turn, *all_of(Mark.WORRY)))
    turn = step(children, turn.state, marked(turn, *all_of(Mark.KNOWN)))
    facts = walk(children, turn.state.runs[0]).facts
    assert "each_child/a/child.worry" in facts
    assert "each_child/b/child.worry" not in facts


def test_one_childs_answer_is_given_again_and_the_others_stay(children: Library) -> None:
    """Change offers each child's question under its letter; the new marks replace that child's alone."""
    turn = at(children, "children", "two")
    for mark in (Mark.WORRY, Mark.UNKNOWN):
        turn = step(children, turn.state, marked(turn, *all_of(mark)))
    given = answers_given(children, turn.state)
    assert [question.split(":")[0] for _, question, _ in given[1:]] == ["Child A", "Child B"]
    turn = do(children, Do("change"), state=turn.state)
    labels = [option.label for option in question_of(turn).options]  # type: ignore[union-attr]
    assert labels[1].startswith("Child A: ")
    assert labels[2].startswith("Child B: ")
    turn = step(children, turn.state, Chose((given[1][0],)))
    assert prompt_of(turn).text.startswith("Child A: ")
    turn = step(children, turn.state, marked(turn, *all_of(Mark.KNOWN)))
    summary = turn.replies[-1].summary
    assert summary is not None
    assert summary.worries == ()
    assert all(note.startswith("Child B: ") for note in summary.unknown)
    assert len(summary.unknown) == 3


def test_fewer_children_after_all_leave_what_was_said_of_them_out(children: Library) -> None:
    """Three become one: what was marked of the others no longer stands in the summary, and is said to be overtaken."""
    turn = at(children, "children", "three")
    for _ in range(3):
        turn = step(children, turn.state, marked(turn, *all_of(Mark.WORRY)))
    turn = do(children, Do("change", "how_many"), Chose(("one",)), state=turn.state)
    summary = turn.replies[-1].summary
    assert summary is not None
    assert {note.split(":")[0] for note in summary.worries} == {"Child A"}
    assert {gone.step for gone in turn.superseded} >= {"children/each_child/b/child", "children/each_child/c/child"}


def test_a_state_with_children_survives_being_kept(children: Library) -> None:
    """Written as JSON and read again in the middle of a child, the same question is open."""
    turn = at(children, "children", "three")
    turn = step(children, turn.state, marked(turn, *all_of(Mark.KNOWN)))
    once = Marked(((prompt_of(turn).prompts[1].id, Mark.WORRY),))
    turn = step(children, turn.state, once)
    again = State.from_json(turn.state.to_json())
    assert again == turn.state
    asked = open_question(children, again)
    assert asked.text.startswith("Child B: ")
    assert [prompt.mark for prompt in asked.prompts] == [None, Mark.WORRY, None]


def test_the_letter_stands_before_the_lines_of_steps_below_too(content: Library) -> None:
    """Of a block that calls another, the innermost call that names somebody says who."""
    call = {"id": "whole", "call": "each_child", "subject": "child_d"}
    flow = Flow.model_validate(
        {
            "id": "below",
            "title": "Below",
            "short": "Below",
            "about": "x",
            "group": "family",
            "order": 999,
            "steps": [call, {"id": "close", "close": "So far", "sources": ["H25"]}],
        }
    )
    library = Library(content.content.model_copy(update={"flows": (*content.content.flows, flow)}))
    turn = step(library, new_state(library), Open("below"))
    assert question_of(turn).text.startswith("Child D: ")  # type: ignore[union-attr]
    turn = step(library, turn.state, Chose(("one",)))
    assert prompt_of(turn).text.startswith("Child A: ")
