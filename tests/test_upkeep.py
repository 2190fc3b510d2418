"""What is measured is what happened: shares, bands, confusions, and every message that went wrong."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import pytest

from bot.errors import ContentError, SetupError
from bot.library import Library
from bot.matching import Candidate, Cuts, Decision, Routing, Writer
from bot.matching.learned import LIVE, NOT_LIVE
from bot.matching.matcher import LEARNED_RULE
from bot.upkeep import trial
from bot.upkeep.figures import Share, report
from bot.upkeep.messages import OUT, Message, held_out, held_out_danger, shipped_sets
from bot.upkeep.report import as_json, as_page, as_text
from bot.upkeep.trial import Tried, left_out

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

CUTS = Cuts(open_at=0.9, choose_at=0.2, alarm_at=-0.5)


def tried(
    about: str, *found: tuple[str, float], alarm: str | None = None, text: str = "words", voice: str = ""
) -> Tried:
    """Say what became of a message about something."""
    flow = found[0][0] if found and found[0][1] >= CUTS.open_at else None
    band = Decision.flow if flow else Decision.choose if found and found[0][1] >= CUTS.choose_at else Decision.unknown
    routing = Routing(
        decision=Decision.danger if alarm else band,
        flow=flow,
        candidates=tuple(Candidate(*one) for one in found),
        writer=Writer.practitioner,
        danger=alarm is not None,
        danger_rule=alarm,
    )
    return Tried(Message(text, about, voice), routing, -1.0)


SOME = [
    tried("mark", ("mark", 0.95), ("moved", 0.02), voice="police"),
    tried("mark", ("moved", 0.91), ("mark", 0.05), voice="school", text="<b>opened</b> wrongly"),
    tried("mark", ("moved", 0.5), ("mark", 0.4), voice="police"),
    tried("moved", ("mark", 0.5), ("other", 0.4), voice="school"),
    tried("moved", ("moved", 0.1), ("mark", 0.05), voice="police", alarm=LEARNED_RULE),
    tried(OUT, ("mark", 0.95)),
    tried(OUT, ("mark", 0.3)),
    tried(OUT, ("mark", 0.1)),
    tried(LIVE, ("mark", 0.1), alarm="not_breathing"),
    tried(LIVE, ("mark", 0.1), alarm=LEARNED_RULE),
    tried(LIVE, ("mark", 0.95), text="nobody heard this"),
    tried(NOT_LIVE, ("mark", 0.1), alarm="not_breathing"),
]


@pytest.mark.parametrize(
    ("hits", "of", "low", "high"),
    [(0, 10, 0.0, 0.2775), (10, 10, 0.7225, 1.0), (50, 100, 0.4038, 0.5962), (1, 60, 0.0029, 0.0886), (0, 0, 0.0, 1.0)],
)
def test_the_room_that_chance_leaves_is_wilsons(hits: int, of: int, low: float, high: float) -> None:
    """Known values; few messages leave much room, and of none nothing is known."""
    assert Share(hits, of).interval == pytest.approx((low, high), abs=0.0001)


def test_what_a_flow_is_for_is_counted_by_what_was_done() -> None:
    """First, among three, opened, asked, unknown; opened, asked and unknown add up to all."""
    found = {name: share.hits for name, share in report(SOME, CUTS).in_scope.items()}
    assert found == {
        "first": 2,
        "among_three": 4,
        "opened_rightly": 1,
        "opened_wrongly": 1,
        "asked_with_it": 1,
        "asked_without_it": 1,
        "unknown": 1,
    }
    assert {share.of for share in report(SOME, CUTS).in_scope.values()} == {5}


def test_danger_and_what_no_flow_is_for_are_counted_apart() -> None:
    """An emergency counts for the alarm alone, whatever flow it was found like."""
    found = report(SOME, CUTS)
    assert {name: (s.hits, s.of) for name, s in found.out_of_scope.items()} == {
        "opened": (1, 3),
        "asked": (1, 3),
        "unknown": (1, 3),
    }
    assert {name: (s.hits, s.of) for name, s in found.danger.items()} == {
        "live": (2, 3),
        "live_by_phrase": (1, 3),
        "not_live": (1, 1),
        "ordinary": (1, 5),
        "out_of_scope": (0, 3),
    }


def test_flows_and_voices_have_figures_of_their_own() -> None:
    """A voice that is seldom understood does not drown in the others."""
    found = report(SOME, CUTS)
    assert {flow: (s["first"].hits, s["first"].of) for flow, s in found.flows.items()} == {
        "mark": (1, 3),
        "moved": (1, 2),
    }
    assert {v: (s["first"].hits, s["first"].of) for v, s in found.voices.items()} == {
        "police": (2, 3),
        "school": (0, 2),
    }


def test_what_opened_another_flow_stands_first_among_the_confusions() -> None:
    """Being asked about the wrong flow is a nuisance; being led into it is a harm."""
    found = report(SOME, CUTS).confusions
    assert [(c.about, c.taken_for, c.opened, len(c.texts)) for c in found] == [
        ("mark", "moved", 1, 2),
        (OUT, "mark", 1, 2),
        ("moved", "mark", 0, 1),
    ]


def test_every_message_that_went_wrong_is_listed_with_how() -> None:
    """A missed emergency first; nothing that went well is there."""
    assert [(wrong.how, wrong.tried.about) for wrong in report(SOME, CUTS).wrong] == [
        ("missed", LIVE),
        ("opened_wrongly", "mark"),
        ("opened_out_of_scope", OUT),
        ("asked_without_it", "moved"),
        ("unknown", "moved"),
        ("false_alarm", "moved"),
        ("false_alarm_sounds_live", NOT_LIVE),
    ]


def test_without_messages_of_a_kind_nothing_is_said_of_it() -> None:
    """No set about danger, no figure about danger: nought of nought would look like a failure."""
    found = report(SOME[:5], CUTS)
    assert found.out_of_scope == {}
    assert set(found.danger) == {"ordinary"}
    assert "no flow is for" not in as_text(found)
    assert as_text(report([], CUTS))


def test_the_text_and_the_json_say_the_same() -> None:
    """Each figure with its interval, and the worst confusion."""
    found = report(SOME, CUTS)
    text, data = as_text(found), json.loads(json.dumps(as_json(found)))
    assert "right flow first" in text
    assert "40.0%  (11.8% to 76.9%; 2 of 5)" in text
    assert "mark taken for moved: 2, 1 opened" in text
    assert data["in_scope"]["first"] == {"share": 0.4, "low": 0.1176, "high": 0.7693, "hits": 2, "of": 5}
    assert data["wrong"][0]["text"] == "nobody heard this"
    assert data["confusions"][0]["taken_for"] == "moved"
    assert data["cuts"] == {"open_at": 0.9, "choose_at": 0.2, "alarm_at": -0.5, "writer_at": 1.0}


def test_the_page_shows_every_mistake_and_no_message_becomes_html(content: Library) -> None:
    """It needs nothing beside itself, and a message is shown as it was written."""
    page = as_page(content, report(SOME, CUTS), "Messages.")
    assert "nobody heard this" in page
    assert "&lt;b&gt;opened&lt;/b&gt; wrongly" in page
    assert "<b>opened" not in page
    assert "An emergency that raised no alarm: 1" in page
    assert not re.search(r"(?:src|href)=|@import|url\(|<script", page)


def test_the_shipped_sets_can_be_read(content: Library) -> None:
    """A voice for each message of a flow; danger of both kinds."""
    sets = shipped_sets()
    assert sets is not None
    messages, danger = held_out(sets[0], content), held_out_danger(sets[1])
    assert {m.voice for m in messages if m.about == OUT} == {""}
    assert len({m.voice for m in messages if m.about != OUT}) == 12
    assert {m.about for m in danger} == {LIVE, NOT_LIVE}


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("mark_on_chid: [a bruise]\n", "Did you mean 'mark_on_child'?"),
        ("voices: [a, b]\nmark_on_child: [a bruise]\n", "'mark_on_child' has 1 messages, but there are 2 voices"),
        ("out_of_scope: [hello]\n", "No flow has messages here"),
        ("mark_on_child: a bruise\n", "has to be a list"),
        ("mark_on_child: [1, 2]\n", "has to be text"),
        ("- a bruise\n", "set of 'key: value' lines"),
        ("mark_on_child: [\n", "not valid YAML"),
        ("", "empty"),
    ],
)
def test_a_set_with_a_mistake_is_refused_with_a_sentence(
    tmp_path: Path, content: Library, text: str, says: str
) -> None:
    """Whatever is wrong with it, the file and the mistake are named."""
    path = tmp_path / "mine.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ContentError) as raised:
        held_out(path, content)
    assert says in str(raised.value)
    assert str(path) in str(raised.value)


def test_a_set_about_danger_needs_both_lists(tmp_path: Path) -> None:
    """Without what only sounds like an emergency, false alarms would not be seen."""
    path = tmp_path / "mine.yaml"
    path.write_text("live: [he stopped breathing]\n", encoding="utf-8")
    with pytest.raises(ContentError, match="no messages under 'not_live'"):
        held_out_danger(path)
    with pytest.raises(SetupError, match="There is no file"):
        held_out_danger(tmp_path / "gone.yaml")


def with_examples(content: Library, examples: Mapping[str, tuple[str, ...]]) -> Library:
    """Return the shipped content with other examples."""
    return Library(content.content.model_copy(update={"examples": dict(examples)}))


def test_what_is_left_out_was_never_seen(content: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each example is routed once, by a matcher that was not taught it and was taught all the others of other parts."""
    examples = {
        "mark_on_child": tuple(f"bruise number {n}" for n in range(7)),
        "new_partner": tuple(f"partner number {n}" for n in range(5)),
        OUT: ("hello", "lunch", "weather"),
    }
    taught: list[set[str]] = []
    seen: list[str] = []
    make = trial.new_matcher

    def watch(library: Library, keeper: object, *, examples: Mapping[str, tuple[str, ...]]) -> object:
        taught.append({text for texts in examples.values() for text in texts})
        return make(library, keeper, examples=examples)  # type: ignore[arg-type]

    def route(_matcher: object, messages: list[Message], *, likeness: bool) -> list[Tried]:
        assert not likeness
        assert not {m.text for m in messages} & taught[-1]
        assert {m.text for m in messages} | taught[-1] == {text for texts in examples.values() for text in texts}
        seen.extend(m.text for m in messages)
        return []

    monkeypatch.setattr(trial, "new_matcher", watch)
    monkeypatch.setattr(trial, "try_out", route)
    heard: list[tuple[int, int]] = []
    left_out(with_examples(content, examples), tell=lambda part, parts: heard.append((part, parts)))
    assert sorted(seen) == sorted(text for texts in examples.values() for text in texts)
    assert heard == [(part, 5) for part in range(1, 6)]
