"""The shipped content is sound, and says nothing that it must not say."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import yaml
from content import SMALL, cases

from bot import checks
from bot.asking import flows_in, groups_in_use
from bot.checks import check_content, promises, words
from bot.checks.fixed import EXERCISE_LINES
from bot.checks.words import NATIONAL_LINES
from bot.graph import Graph
from bot.library import Library, read_content
from bot.models import ActionClass, Evidence
from bot.outline import steps_below
from bot.readability import reading_age
from bot.reading import content_files, content_root

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from bot.checks.promises import Proof
    from bot.library import Origins
    from bot.models import Route

ROOT = content_root()
CHECKS = [check for module in vars(checks).values() for check in getattr(module, "CHECKS", ())]
LOADED = read_content(ROOT)
assert LOADED.library is not None, LOADED.problems
LIBRARY: Library = LOADED.library
CONTENT = LIBRARY.content
REPOSITORY = Path(__file__).parent.parent
CASES = yaml.safe_load((Path(__file__).parent / "data" / "points_by_flow.yaml").read_text(encoding="utf-8"))
EXPECTED: dict[str, list[str]] = CASES["flows"]
SET_APART: dict[str, str] = CASES["set_apart"]
WORKED_BY_THE_SESSION = {
    "unconfirmed",
    "unconfirmed_some",
    "and_also",
    "check_before_use",
    "invented_number",
    "why_heading",
    "menu_child_or_parent",
    "menu_carry_on",
    "menu_choice",
    "learn_option",
    "learn_option_short",
    "prompts_done",
    "prompts_done_short",
    "some_worry",
    "no_worry",
}
"""Fixed lines that label something and advise nothing, so that they cite nothing."""
MORE_OUTCOMES = {"meetings_and_minutes": 320}
"""Flows with a longer table than a lead can read in one go; none may grow further."""
NOT_THE_SOURCES_NUMBER = re.compile(r"033\s*0[\s-]*240[\s-]*1727")
"""The front-door number that one of the five briefings prints; it is wrong, and may stand nowhere."""


def _lines(route: Route) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield (name, sources) of everything a route says that can be advice."""
    for step in route.steps:
        name = f"{route.id}/{step.id}"
        for item in (*getattr(step, "act", ()), *getattr(step, "prompts", ())):
            yield f"{name}/{getattr(item, 'id', None) or item.do}", item.sources
        if hasattr(step, "sources"):
            yield name, step.sources


LINES = [line for route in (*CONTENT.flows, *CONTENT.blocks) for line in _lines(route)]


def _reach(route: Route) -> list[Route]:
    """Return a route and all the blocks it calls; what it only opens from a button is a way out, not part of it."""
    called = {step.call for _, step in steps_below(LIBRARY, route) if hasattr(step, "call")}
    return [route, *(LIBRARY.blocks[name] for name in sorted(called))]


def test_the_shipped_content_has_no_problem() -> None:
    """Every check and every promise holds of what we ship."""
    library, problems = check_content(ROOT)
    assert library is not None
    assert not problems, "\n".join(map(str, problems))


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_each_check_holds(check: Callable[[Library, Origins], list]) -> None:
    """Each check by itself finds nothing, so that the first to fail has a name."""
    assert list(check(LIBRARY, LOADED.origins)) == []


@pytest.fixture(scope="module")
def proofs() -> dict[str, Proof]:
    """Work out the ways through each flow once."""
    return {
        flow.id: promises.Proof(LIBRARY, LOADED.origins, flow, promises.graphs_of(LIBRARY, flow))
        for flow in CONTENT.flows
    }


@pytest.mark.parametrize("promise", promises.PROMISES, ids=lambda promise: promise.__name__)
@pytest.mark.parametrize("flow", sorted(LIBRARY.flows))
def test_each_flow_keeps_each_promise(proofs: dict[str, Proof], flow: str, promise: Callable[[Proof], list]) -> None:
    """Each promise by itself is kept by each flow."""
    assert list(promise(proofs[flow])) == []


@pytest.mark.parametrize("flow", sorted(LIBRARY.flows))
def test_every_step_of_a_flow_lies_on_some_way(proofs: dict[str, Proof], flow: str) -> None:
    """With the conditions taken into account, no step is shown to nobody."""
    visited: set[str] = set()
    for graph in proofs[flow].graphs:
        assert graph.outcomes
        visited |= graph.visited
    route = LIBRARY.flows[flow]
    every = {"/".join(part for part in (flow, path, step.id) if part) for path, step in steps_below(LIBRARY, route)}
    never = every - visited
    # A block may hold a step for flows in which harm is not yet suspected; in those where it always is, nobody sees it.
    assert not {name for name in never if not name.endswith("tonight/if_it_changes")}, sorted(never)


def test_the_flows_and_no_other_are_offered() -> None:
    """The menu holds the 41 flows, each in one part of it and in a place of its own; no part is empty or too long."""
    assert len(LIBRARY.flows) == 41
    assert set(EXPECTED) <= set(LIBRARY.flows)
    orders = [flow.order for flow in CONTENT.flows]
    assert len(set(orders)) == len(orders)
    shown = [flow for group in groups_in_use(LIBRARY) for flow in flows_in(LIBRARY, group.id)]
    assert shown == list(LIBRARY.flows), "the parts of the menu follow each other in the order of the flows"
    assert [group.id for group in groups_in_use(LIBRARY)] == [group.id for group in CONTENT.vocabulary.groups]
    assert max(len(flows_in(LIBRARY, group.id)) for group in CONTENT.vocabulary.groups) <= 9
    assert "bad" not in LIBRARY.routes
    assert SMALL not in {path.read_text(encoding="utf-8") for path in content_files(ROOT)}


def test_every_record_that_was_read_is_there() -> None:
    """The 243 learning points, 107 facts and 41 hard rules have all arrived, each with an id of its own."""
    assert (len(CONTENT.points), len(CONTENT.facts), len(CONTENT.rules)) == (243, 107, 41)
    citable = [
        item.id for part in (CONTENT.points, CONTENT.facts, CONTENT.rules, CONTENT.rules_for_sharing) for item in part
    ]
    assert [name for name, count in Counter(citable).items() if count > 1] == []
    assert len(LIBRARY.sources) == len(citable)


def test_the_learning_points_come_from_the_five_reviews() -> None:
    """Each of the five briefings gave its points, numbered without a gap."""
    by_review: dict[str, list[int]] = {}
    for point in CONTENT.points:
        review, _, number = point.id.rpartition("-")
        by_review.setdefault(review, []).append(int(number))
    assert set(by_review) == {"sunderland-x", "cumbria-5", "wolverhampton-e", "somerset-a", "oxfordshire-q"}
    for numbers in by_review.values():
        assert sorted(numbers) == list(range(1, len(numbers) + 1))


def test_every_source_has_a_document_a_place_in_it_and_words() -> None:
    """A source names the document, where in it, and what it says; the document says who published it and when."""
    for item in LIBRARY.sources.values():
        assert item.locator.strip(), item.id
        assert item.text.strip(), item.id
        assert item.document in LIBRARY.documents, item.id
    for document in CONTENT.documents:
        assert document.publisher.strip(), document.id
        assert document.date.strip(), document.id


@pytest.mark.parametrize(("name", "sources"), LINES, ids=[name for name, _ in LINES])
def test_every_line_rests_on_sources_with_evidence(name: str, sources: tuple[str, ...]) -> None:
    """Promise P4: whatever a flow or block says has sources that exist, each with its mark of evidence and its place."""
    assert sources, name
    for source in sources:
        item = LIBRARY.sources[source]
        assert item.evidence in Evidence, source
        assert item.locator.strip(), source


def test_every_fixed_line_that_advises_rests_on_a_source() -> None:
    """Only the lines that label something, or say how an exercise goes, are without one; what names 999 never is."""
    without = {line.id: line.text for line in CONTENT.lines if not line.sources}
    assert set(without) - set(EXERCISE_LINES) == WORKED_BY_THE_SESSION
    assert not {name for name, text in without.items() if "999" in text or "social care" in text}
    for line in CONTENT.lines:
        assert all(source in LIBRARY.sources for source in line.sources), line.id


@pytest.mark.parametrize("flow", cases(sorted(EXPECTED)))
def test_each_flow_carries_its_learning_points(flow: str) -> None:
    """Promise P12: each learning point of a flow is the source of some step that the flow reaches, blocks included."""
    carried = {source for route in _reach(LIBRARY.flows[flow]) for _, sources in _lines(route) for source in sources}
    missing = [point for point in EXPECTED[flow] if point not in carried and point not in SET_APART]
    assert not missing, "\n".join(f"{point}: {LIBRARY.sources[point].text}" for point in missing)


def test_points_that_are_set_apart_have_a_reason_and_exist() -> None:
    """Promise P12: what is read in the library only says why."""
    assert all(point in LIBRARY.sources and reason.strip() for point, reason in SET_APART.items())
    assert all(point in LIBRARY.sources for points in EXPECTED.values() for point in points)


def _written() -> list[Path]:
    folders = ("bot", "dialogues", "knowledge", "benchmarks", "tests/data", "tests/transcripts")
    found = [path for folder in folders for path in (REPOSITORY / folder).rglob("*") if path.is_file()]
    found += list(REPOSITORY.glob("*.md"))
    return [path for path in found if path.suffix in {".yaml", ".yml", ".json", ".md", ".txt", ".py", ".j2", ".html"}]


def test_the_wrong_number_of_one_briefing_is_nowhere() -> None:
    """A briefing prints a number for its front door that is not the right one; no file of ours repeats it."""
    files = _written()
    assert len(files) > 60
    found = [path for path in files if NOT_THE_SOURCES_NUMBER.search(path.read_text(encoding="utf-8"))]
    assert not found
    assert not NOT_THE_SOURCES_NUMBER.search(LIBRARY.compiled)
    assert NOT_THE_SOURCES_NUMBER.search("Ring 0330 240" + " 1727."), "the pattern has to find the number"


def test_no_local_number_stands_outside_the_area_packs() -> None:
    """Hard rule H22: wherever content holds a long number, it is a national line or an area's own."""
    number = re.compile(r"(?<![\w./-])0\d(?:[ -]?\d){8,9}(?![\w-])")
    for path in content_files(ROOT):
        if path.parent.name == "areas":
            continue
        for found in number.findall(path.read_text(encoding="utf-8")):
            assert found in NATIONAL_LINES, f"{path}: {found}"


def test_demonstration_numbers_ring_nowhere() -> None:
    """The demonstration area uses the range kept for drama, or a national short number."""
    for area in CONTENT.areas:
        for contact in area.contacts.values():
            if contact.number is None:
                continue
            drama = re.fullmatch(r"01632 960\d{3}", contact.number)
            assert (
                drama if area.demonstration and len(contact.number) > 3 else contact.number in {"101", "999", "111"}
            ), area.id
    assert any(area.demonstration for area in CONTENT.areas)


def test_an_invented_area_says_that_it_is_invented() -> None:
    """Nobody can take the demonstration area for a real one."""
    for area in CONTENT.areas:
        if area.demonstration:
            assert "invented" in area.name.lower()
            assert "invented" in area.note.lower()
            assert all(contact.evidence is not Evidence.PRIMARY for contact in area.contacts.values())


def test_an_area_without_numbers_still_has_an_answer() -> None:
    """Whoever an action may be about has words to fall back on where an area has no number."""
    for action in CONTENT.vocabulary.actions:
        if action.contact:
            contact = LIBRARY.contacts[action.contact]
            assert contact.fallback
            assert all(source in LIBRARY.sources for source in contact.sources)
            assert contact.out_of_hours is None or contact.out_of_hours in LIBRARY.contacts


def test_words_of_the_vocabulary_are_each_there_once() -> None:
    """No action, actor, contact, topic or meaning has two entries, of which the engine would take the last."""
    vocabulary = CONTENT.vocabulary
    for words_ in (vocabulary.actions, vocabulary.actors, vocabulary.contacts, vocabulary.topics, vocabulary.meanings):
        ids = [word.id for word in words_]
        assert len(set(ids)) == len(ids)


def test_actions_that_protect_and_actions_that_warn_are_classed_so() -> None:
    """The classes on which the promises rest are what a safeguarding lead expects them to be."""
    of = {kind: {w.id for w in CONTENT.vocabulary.actions if w.is_ is kind} for kind in ActionClass}
    assert of[ActionClass.PROTECT] == {
        "ring_999",
        "ring_police",
        "ring_social_care",
        "tell_social_worker",
        "tell_lead",
        "tell_lado",
        "get_medical_help",
        "tell_above",
        "tell_health",
        "tell_council",
        "report_missing",
        "refer_prevent",
    }
    assert of[ActionClass.ALERT] == {
        "tell_family",
        "talk_with_family",
        "ask_child",
        "visit_family",
        "contact_him",
        "gather_more",
        "mediate",
    }
    assert of[ActionClass.CONSENT] == {"agree_help", "seek_agreement"}
    assert {w.id for w in CONTENT.vocabulary.actions if w.reports} >= {
        "ring_social_care",
        "tell_lead",
        "tell_lado",
        "ring_police",
    }


@pytest.mark.parametrize("route", [*CONTENT.flows, *CONTENT.blocks], ids=lambda route: route.id)
def test_titles_and_menu_words_hold_nothing_forbidden(route: Route) -> None:
    """What stands in the menu and over a flow is held to the same words as what stands in it."""
    said = [route.title, getattr(route, "short", ""), getattr(route, "about", "")]
    for pattern in words.BANNED:
        assert not any(re.search(pattern, text, re.IGNORECASE) for text in said)


def test_knowledge_that_is_shown_is_plain() -> None:
    """The words of the ladder and of the fallbacks are as plain as those of the flows."""
    shown = [rung.text for rung in CONTENT.rungs] + [word.fallback for word in CONTENT.vocabulary.contacts]
    for text in shown:
        assert reading_age(text) <= words.OLDEST_LINE, text
        assert len(text) <= words.MESSAGE


def test_example_messages_are_there_for_every_flow() -> None:
    """Each flow, and what has no flow, has enough examples to be recognised by, and none stands under two intents."""
    for intent in (*LIBRARY.flows, "out_of_scope"):
        signpost = intent in LIBRARY.flows and LIBRARY.flows[intent].signpost
        assert len(CONTENT.examples[intent]) >= (40 if signpost else 50), intent
    counts = Counter(text.lower() for texts in CONTENT.examples.values() for text in texts)
    assert [text for text, count in counts.items() if count > 1] == []


def test_the_version_is_that_of_the_words() -> None:
    """The same content has the same version; one word more is another version; the compiled form keeps both."""
    again = read_content(ROOT).library
    assert again is not None
    assert again.version == LIBRARY.version
    first, *rest = CONTENT.lines
    other = Library(
        CONTENT.model_copy(update={"lines": (first.model_copy(update={"text": first.text + " Yes."}), *rest)})
    )
    assert other.version != LIBRARY.version
    rebuilt = Library.from_compiled(LIBRARY.compiled, LIBRARY.version)
    assert rebuilt.content == CONTENT
    with pytest.raises(ValueError, match="does not match its version"):
        Library.from_compiled(LIBRARY.compiled + " ", LIBRARY.version)


@pytest.mark.parametrize("flow", sorted(LIBRARY.flows))
def test_a_flow_has_as_many_paths_as_can_be_signed(flow: str) -> None:
    """The ways through a flow are many, and their outcomes few enough for a lead to read as a table."""
    graph = Graph(LIBRARY, LIBRARY.flows[flow])
    assert graph.count() >= 100
    assert 2 <= len(graph.outcomes) <= MORE_OUTCOMES.get(flow, 200)
