"""The facilitator's pack, as a browser sees it: all of the exercise, sheets to hand out, fit to print, nothing that runs."""

from __future__ import annotations

import re
import zlib
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from scenarios import reworked, sample, scenarios
from test_book import A4, Page, chromium

from bot.exercises.pack import clock, pack

if TYPE_CHECKING:
    from pathlib import Path

    from bot.library import Library
    from bot.models.scenarios import Scenario

BANNER = "EXERCISE, not real"
TRIED = settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)


@pytest.fixture(scope="module")
def text(content: Library) -> str:
    """Lay the pack of the sample out once."""
    return pack(content, sample())


def said(text: str) -> str:
    """Return the words of a page as one line."""
    return " ".join(Page(text).words.split())


def part(text: str, name: str) -> str:
    """Return the words of one article of the pack."""
    found = re.search(rf'<article id="{name}">(.*?)</article>', text, flags=re.DOTALL)
    assert found, name
    return said(found[1])


def test_everything_an_author_wrote_is_in_the_pack(text: str) -> None:
    """Title, audience, warning, objectives, and of each scene its words, facts, ways to decide, what happens, the talk."""
    words = said(text)
    exercise = sample()
    written = [
        exercise.title,
        exercise.about,
        exercise.audience,
        f"{exercise.minutes} minutes",
        exercise.warning,
        exercise.closing,
    ]
    written += [aim.take_back for aim in exercise.objectives]
    written += [line for one in exercise.cast for line in (one.name, one.who)]
    for scene in exercise.scenes:
        written += [scene.title, scene.narrative, scene.reflect or ""]
        for fact in scene.facts:
            written += [fact.text, fact.prompt or "", *(f"“{ask}”" for ask in fact.asks)]
        for decision in scene.decisions:
            written += [decision.ask, *(line for option in decision.options for line in (option.label, option.says))]
        written += [inject.text for inject in scene.injects]
        written += [scene.hold.discuss, *scene.hold.listen_for] if scene.hold else []
    for line in written:
        assert " ".join(line.split()) in words, line


def test_an_objective_shows_its_point_its_document_and_how_well_it_was_seen(text: str, content: Library) -> None:
    """The text of the learning point, the title and place of its document, the evidence in words."""
    words = said(text)
    for aim in sample().objectives:
        item = content.sources[aim.point]
        document = content.documents[item.document]
        for line in (item.text, document.title, item.locator):
            assert " ".join(line.split()) in words, line
    assert "from a published review briefing, in our words" in words
    assert "professional knowledge, not yet confirmed by a safeguarding lead" in words


def test_the_plan_has_a_running_clock_and_says_when_to_stop(text: str) -> None:
    """Scenes begin where those before them end; a way that skips scenes is named; so is a time without a debrief."""
    rows = re.findall(r'<tr><td class="clock">(.*?)</td><td>(.*?)(?:<br>.*?)?</td><td class="n">(\d+)</td>', text)
    assert rows == [
        ("0:00", "At the changing mat", "25"),
        ("0:25", "Dawn at five", "30"),
        ("0:55", "Monday morning", "20"),
        ("1:15", "Closing and debrief", "0"),
    ]
    words = said(text)
    assert "After the decisions: stop and talk, 8 minutes." in words
    assert "Before anybody decides: stop and talk, 5 minutes." in words
    assert "“Nobody yet; I ask Dawn at five” leads straight to “Monday morning”." in words
    assert "Then on to the end." in words
    assert "nothing is left for the debrief" in words
    assert (clock(5), clock(60), clock(135)) == ("0:05", "1:00", "2:15")


def test_a_plan_that_does_not_fit_says_so(content: Library) -> None:
    """Scenes longer than the exercise are counted; with time left, the debrief gets it."""
    assert "take 15 minutes more than the exercise has" in said(pack(content, reworked(minutes=60)))
    longer = pack(content, reworked(minutes=90))
    assert '<td>Closing and debrief</td><td class="n">15</td>' in longer
    assert "nothing is left" not in longer


def test_a_fact_says_how_it_comes_out(text: str) -> None:
    """Only typed words, what has to be known before, and for an option too."""
    scene = part(text, "scene-1")
    assert text.count('<span class="only">only by typed words</span>') == 1
    assert "only by typed words Ella told her key worker" in scene
    assert "Can be asked only once this is known: What does the mark look like?" in scene
    assert "Comes to mind only once this is known: has his sister said anything?" in scene


def test_quality_is_told_by_word_and_sign(text: str) -> None:
    """Better, partly and worse read the same on a grey print."""
    scene = part(text, "scene-1")
    assert "better (+) Children's social care, now" in scene
    assert "partly (o) The nursery's lead; she decides" in scene
    assert "worse (-) Nobody yet; I ask Dawn at five" in scene
    assert "Goes straight on to “Monday morning”." in scene


def test_what_happens_says_when(text: str) -> None:
    """After one answer, after any, at a minute, or when the facilitator says; and the real guidance by its title."""
    scene = part(text, "scene-1")
    assert "dawn early after the answer “The nursery's lead; she decides”" in scene
    assert "phone 10 minutes into the scene" in scene
    assert "everybody after whatever is decided on “It is half past four. Whom do you ring first?”" in scene
    assert "facilitator when you say so" in scene
    assert "“I've seen a mark or injury on a child”" in scene


def test_a_talk_before_deciding_stands_before_the_decision(text: str) -> None:
    """Whoever leads reads the page from top to bottom."""
    early, late = part(text, "scene-2"), part(text, "scene-1")
    assert early.index("Stop and talk") < early.index("To decide")
    assert late.index("Stop and talk") > late.index("To decide: They answer")


def test_handouts_give_nothing_away(text: str) -> None:
    """Each scene's words without facts, options or what to listen for; the cast; an empty sheet; the learning points."""
    exercise = sample()
    for number, scene in enumerate(exercise.scenes, 1):
        sheet = part(text, f"handout-scene-{number}")
        assert " ".join(scene.narrative.split()) in sheet
        for fact in scene.facts:
            assert fact.text not in sheet
        for decision in scene.decisions:
            assert decision.ask not in sheet
    assert all(one.name in part(text, "handout-cast") for one in exercise.cast)
    assert "What I made of it" in part(text, "handout-observation")
    learning = part(text, "handout-learning")
    assert all(aim.take_back in learning and aim.point in learning for aim in exercise.objectives)
    for sheet in re.findall(r'<article id="handout-.*?</article>', text, flags=re.DOTALL):
        assert BANNER in sheet


def test_the_evening_is_told_in_six_lines(text: str) -> None:
    """Start, join code, next and hold, inject, show, end."""
    found = re.search(r'<dl class="run">(.*?)</dl>', text, flags=re.DOTALL)
    assert found
    assert re.findall(r"<dt>(.*?)</dt>", found[1]) == ["Start", "Join code", "next, hold", "inject", "show", "end"]


def test_every_link_leads_somewhere_and_nothing_runs(text: str) -> None:
    """Sources are inside the page; no script, no handler, nothing fetched; every tag closes and no id comes twice."""
    page = Page(text)
    assert text.startswith("<!doctype html>")
    assert page.open == []
    assert len(page.ids) == len(set(page.ids))
    assert page.links
    assert all(link.startswith("#") and link[1:] in page.ids for link in page.links)
    assert not page.tags & {"script", "iframe", "object", "embed", "link", "img", "form"}
    assert page.handlers == []
    assert not re.search(r"@import|url\(|https?:", text)


def test_a_source_that_is_not_there_is_named_as_such(content: Library) -> None:
    """A draft can be printed too, and says what it lacks."""
    draft = reworked(objectives=[{"point": "TO-WRITE", "take_back": "Something."}])
    assert "TO-WRITE There is no such source in this library" in said(pack(content, draft))


@TRIED
@given(scenario=scenarios())
def test_whatever_an_author_writes_is_words(content: Library, scenario: Scenario) -> None:
    """No tag, quote or entity of a line becomes part of the page."""
    page = Page(pack(content, scenario))
    assert page.open == []
    assert page.handlers == []
    assert "b" not in page.tags
    for scene in scenario.scenes:
        assert "".join(scene.narrative.split()) in "".join(page.words.split())


def test_a_browser_reads_the_pack_as_it_was_written(text: str, tmp_path: Path) -> None:
    """The page it makes of it has the same ids, links and words: nothing was mended in silence."""
    path = tmp_path / "pack.html"
    path.write_text(text, encoding="utf-8")
    seen, written = Page(chromium("--dump-dom", path.as_uri())), Page(text)
    assert seen.ids == written.ids
    assert seen.links == written.links
    assert seen.words.split() == written.words.split()


def test_every_printed_page_is_a4_and_says_that_it_is_an_exercise(text: str, tmp_path: Path) -> None:
    """The first words of each page are the same eighteen signs, outside of what is written on it; each sheet is one page."""
    path, printed = tmp_path / "pack.html", tmp_path / "pack.pdf"
    path.write_text(text, encoding="utf-8")
    chromium(f"--print-to-pdf={printed}", path.as_uri())
    data = printed.read_bytes()
    boxes = re.findall(rb"/MediaBox\s*\[\s*0 0 ([\d.]+) ([\d.]+)\s*\]", data)
    assert {(round(float(width)), round(float(height))) for width, height in boxes} == {A4}
    heads = []
    for found in re.finditer(rb"stream\r?\n(.*?)\r?\nendstream", data, flags=re.DOTALL):
        try:
            stream = zlib.decompress(found[1])
        except zlib.error:
            continue
        block = re.search(rb"\bBT\b(.*?)\bET\b", stream, flags=re.DOTALL)
        if block:
            heads.append(b"".join(re.findall(rb"<([0-9A-F]+)> Tj", block[1])))
    assert len(heads) == len(boxes)
    assert len(set(heads)) == 1
    assert len(heads[0]) == 4 * len(BANNER)
    # Scenes and sheets begin on pages of their own; the sheets, unlike a long scene, take one each.
    assert len(boxes) >= 2 + 3 + 1 + len(re.findall('<article id="handout-', text))
