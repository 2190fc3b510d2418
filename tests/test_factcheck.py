"""The table of a flow: every path in one row, what it says true of the conversation itself, and fit to read and sign."""

from __future__ import annotations

import csv
import io
import random
from html.parser import HTMLParser
from typing import TYPE_CHECKING

import pytest
from content import reworded, shipped, signed
from walking import answers_to, question_of, step_named

from bot.asking import actions_so_far
from bot.book import factcheck_csv, factcheck_page, factcheck_text
from bot.dialogue import new_state, step
from bot.events import Chose, Open
from bot.factcheck import CARD, rows_of
from bot.graph import graphs_of
from bot.models import AskStep, Moment

if TYPE_CHECKING:
    from bot.library import Library

FLOWS = sorted(shipped().flows)
SOME = ("mark_on_child", "information_sharing", "fgm", "new_partner", "domestic_abuse")


@pytest.mark.parametrize("name", FLOWS)
def test_the_rows_stand_for_every_path_and_none_twice(content: Library, name: str) -> None:
    """For each way to begin, the paths of the rows add up to those that the promises are proved on."""
    flow = content.flows[name]
    begun: dict[str, int] = {}
    rows = rows_of(content, flow)
    for row in rows:
        begun[row.begun] = begun.get(row.begun, 0) + row.paths
        assert row.paths > 0
    assert list(begun.values()) == [graph.count() for graph in graphs_of(content, flow)]
    assert len({(row.begun, row.answers) for row in rows}) == len(rows)


def walked(library: Library, flow: str, chance: random.Random) -> tuple[dict[str, str], set[tuple[str, str]], bool]:
    """Answer by chance to the end; return the answers by step, what was advised, and whether the card came."""
    turn = step(library, new_state(library), Open(flow))
    answers: dict[str, str] = {}
    card = False
    for _ in range(80):
        asked = question_of(turn)
        if asked is None:
            break
        event = chance.choice(answers_to(library, asked))
        asks = step_named(library, asked.step)
        if isinstance(event, Chose) and isinstance(asks, AskStep):
            options = {option.id: option for option in asks.options}
            answers[asked.step] = " + ".join(options[choice].label for choice in event.options)
            if any(options[choice].emergency for choice in event.options):
                card = True
                turn = step(library, turn.state, event)
                event = Chose((question_of(turn).options[0].id,))  # type: ignore[union-attr] # the card asks
        elif isinstance(event, Chose):
            answers[asked.step] = "A reminder" if event.options[0] != "no_reminder" else asks.decline  # type: ignore[union-attr]
        else:
            worry = any(str(mark) == "worry" for _, mark in event.marks)  # type: ignore[union-attr]
            answers[asked.step] = library.lines["some_worry" if worry else "no_worry"].text
        turn = step(library, turn.state, event)
    assert question_of(turn) is None
    return answers, {(action.do, str(action.by)) for action in actions_so_far(library, turn.state)}, card


@pytest.mark.parametrize("name", SOME)
def test_a_conversation_advises_what_its_row_says(content: Library, name: str) -> None:
    """Walked by chance through the engine: exactly one row has these answers, and it tells to do these things."""
    library = content.at("england", "2026-11-21")
    chance = random.Random(name)  # noqa: S311 - no secret
    rows = [row for row in rows_of(library, library.flows[name]) if "suspected" not in row.begun]
    if len({row.begun for row in rows}) > 1:
        rows = [row for row in rows if str(Moment.UNKNOWN) in row.begun]
    for _ in range(25):
        answers, advised, card = walked(library, name, chance)
        fitting = [row for row in rows if all(a.step in answers and answers[a.step] in a.answers for a in row.answers)]
        assert len(fitting) == 1, answers
        told = {(t.do, str(t.by)) for t in fitting[0].told if t.do != CARD}
        assert {do for do, _ in advised} == {do for do, _ in told}
        assert advised <= told  # the conversation names each action once, by its soonest
        assert card == any(t.do == CARD for t in fitting[0].told)


@pytest.mark.parametrize("name", SOME)
def test_the_csv_can_be_read_back(content: Library, name: str) -> None:
    """One line a row, six cells, the same number of paths."""
    flow = content.flows[name]
    table = list(csv.DictReader(io.StringIO(factcheck_csv(content, flow))))
    rows = rows_of(content, flow)
    assert len(table) == len(rows)
    assert [int(line["paths"]) for line in table] == [row.paths for row in rows]
    for line, row in zip(table, rows, strict=True):
        assert None not in line
        assert line["flow"] == name
        for told in row.told:
            assert told.text in line["to do"]


class Words(HTMLParser):
    """Collects the words and the tags of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.words, self.tags = "", []

    def handle_data(self, data: str) -> None:
        """Take words."""
        self.words += data

    def handle_starttag(self, tag: str, attrs: object) -> None:  # noqa: ARG002 - the parser's own signature
        """Take a tag."""
        self.tags.append(tag)


def test_the_page_escapes_and_has_a_place_to_sign(content: Library) -> None:
    """What an author writes cannot become part of the page."""
    about = content.flows["fgm"].about
    odd = reworded(content, about, "<script>alert('x')</script> & \"so on\"")
    page = factcheck_page(odd, odd.flows["fgm"])
    assert "<script" not in page
    read = Words()
    read.feed(page)
    assert "<script>alert('x')</script> & \"so on\"" in read.words
    assert "script" not in read.tags
    for line in ("Read and approved by:", "Role:", "Date:", "Draft guidance"):
        assert line in read.words


def test_text_and_page_say_how_many_paths_and_who_signed(content: Library) -> None:
    """The head line counts; a signed flow says by which role, on which day."""
    flow = content.flows["fgm"]
    paths = sum(graph.count() for graph in graphs_of(content, flow))
    rows = rows_of(content, flow)
    text = factcheck_text(content, flow)
    assert text.startswith(f"{flow.title} (fgm): {paths:,} paths in {len(rows)} rows. Draft guidance")
    assert text.count("    -> ") == len(rows)
    assert max(map(len, text.splitlines()[1:])) <= 100
    approved = signed(content, "fgm")
    for shown in (factcheck_text(approved, flow), factcheck_page(approved, flow)):
        assert "Approved as it stands by a safeguarding lead (designated safeguarding lead) on 2026-11-20" in shown
        assert f"{paths:,} paths in {len(rows)} rows" in shown
