"""What carries what: every citation anywhere is a carrier, and every flow knows its sources."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from content import reworded

from bot.coverage import PARTS, carried_by, carriers, coverage
from bot.models import ActStep
from bot.signing import cited_by, routes_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bot.library import Library


def sources_in(value: Any) -> Iterator[str]:
    """Yield whatever stands under a key `sources` or `source`, at any depth."""
    if isinstance(value, dict):
        for key, held in value.items():
            if key == "sources":
                yield from held
            elif key == "source":
                yield held
            else:
                yield from sources_in(held)
    elif isinstance(value, list):
        for item in value:
            yield from sources_in(item)


def test_every_citation_anywhere_in_the_content_is_known(content: Library) -> None:
    """Read from the compiled content itself: nothing cites a source that is not counted, and nothing else is."""
    written = json.loads(content.compiled)
    assert set(carriers(content)) == set(sources_in(written))


def test_each_source_is_listed_once_with_its_carriers(content: Library) -> None:
    """Points, facts and both kinds of rules, in the order of the files."""
    found = coverage(content)
    assert [one.item.id for one in found] == [item.id for part in PARTS for item in getattr(content.content, part)]
    for one in found:
        assert one.explained == bool(one.carriers or one.item.library_only)
        for carrier in one.carriers:
            assert carrier.count("/") == 1


def test_an_actions_and_a_prompts_source_count_for_their_step(content: Library) -> None:
    """A source cited by one action alone is carried by that step."""
    step = next(step for step in content.flows["mark_on_child"].steps if isinstance(step, ActStep))
    for action in step.act:
        for source in action.sources:
            assert f"mark_on_child/{step.id}" in carriers(content)[source]


def test_a_source_that_nothing_cites_is_not_explained_unless_it_is_set_apart(content: Library) -> None:
    """Taken out of its only line, it is left over in silence."""
    source, (carrier,) = next((s, c) for s, c in carriers(content).items() if len(c) == 1 and c[0].startswith("line/"))
    line = content.lines[carrier.removeprefix("line/")]
    fewer = tuple(
        held.model_copy(update={"sources": tuple(s for s in held.sources if s != source)}) if held is line else held
        for held in content.content.lines
    )
    new = type(content)(content.content.model_copy(update={"lines": fewer}))
    assert source not in carriers(new)
    assert not next(one for one in coverage(new) if one.item.id == source).explained


def test_a_flow_carries_what_its_blocks_and_what_it_opens_say(content: Library) -> None:
    """Also what a block that an answer opens goes through in its turn, and the 999 card."""
    found = carried_by(content)
    assert list(found) == list(content.flows)
    for name, flow in content.flows.items():
        steps = [step for route in routes_of(content, flow).values() for step in route.steps]
        assert set(found[name]) == {source for step in steps for source in cited_by(step)}
        assert "H1" in found[name]
        assert len(set(found[name])) == len(found[name])
    assert found == carried_by(reworded(content, content.flows["fgm"].about, "Other words"))
