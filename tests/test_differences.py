"""What changed between two contents, said so that a safeguarding lead can decide whether to sign again."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from content import reworded, signed

from bot.checks.words import texts_of
from bot.differences import differences
from bot.library import Library
from bot.models import ActStep, By, Flow, Model

if TYPE_CHECKING:
    from bot.models.flows import Action

FLOW = "professional_disagreement"


def with_flow(library: Library, flow: Flow) -> Library:
    """Return a library in which one flow is another."""
    others = tuple(other for other in library.content.flows if other.id != flow.id)
    return Library(library.content.model_copy(update={"flows": (*others, flow)}))


def first_act(library: Library) -> tuple[str, Action]:
    """Return the first step of a flow that tells to do something, and its first action."""
    step = next(step for step in library.flows[FLOW].steps if isinstance(step, ActStep))
    return step.id, step.act[0]


def test_the_same_content_has_not_changed(content: Library) -> None:
    """One sentence, and no headings."""
    again = Library.from_compiled(content.compiled, content.version)
    assert differences(content, again).as_text() == "Nothing changed: the same words, the same paths."


def test_a_new_and_a_gone_flow_are_named(content: Library) -> None:
    """By id and title, either way round."""
    fewer = Library(content.content.model_copy(update={"flows": content.content.flows[1:]}))
    gone = content.content.flows[0]
    assert differences(content, fewer).parts == {"Flows": [f"Gone: {gone.id}, '{gone.title}'."]}
    assert differences(fewer, content).parts == {"Flows": [f"New: {gone.id}, '{gone.title}'."]}


def test_a_changed_sentence_is_said_as_it_was_and_as_it_is(content: Library) -> None:
    """Under the heading of its flow, at its step; no way through it has changed."""
    step, action = first_act(content)
    text = action.text
    new = reworded(content, text, "Do something else, and soon.")
    found = differences(content, new).parts
    (sentences,) = [said for heading, said in found.items() if heading.startswith(f"Flow {FLOW}, ")]
    assert f"Step '{step}', action 1 text: was “{text}”, now “Do something else, and soon.”" in sentences
    assert not [line for line in sentences if "rows of the table" in line]


def test_a_changed_sentence_in_shared_steps_says_which_flows_go_through_them(content: Library) -> None:
    """So that a lead sees how far it reaches."""
    calls = [(step.call, flow.id) for flow in content.flows.values() for step in flow.steps if hasattr(step, "call")]
    slow = {one for one, flow in calls if flow == "neglect_concern"}
    block = min({one for one, _ in calls} - slow, key=lambda one: (sum(1 for c, _ in calls if c == one), one))
    users = sorted(flow for one, flow in calls if one == block)
    said = next(words for step in content.blocks[block].steps for _, words in texts_of(step))
    found = differences(content, reworded(content, said, "And the men?")).parts
    heading = next(heading for heading in found if heading.startswith(f"Shared steps {block}"))
    assert heading.endswith(f"(in {', '.join(users)})")
    assert any("now “And the men?”" in line for line in found[heading])


def test_a_later_time_is_said_with_every_way_it_changes(content: Library) -> None:
    """Who, by when: in plain words at the step, and as an urgency of the ways that lead there."""
    flow = content.flows[FLOW]
    later = tuple(
        step.model_copy(update={"act": tuple(a.model_copy(update={"by": By.NEXT_REVIEW}) for a in step.act)})
        if isinstance(step, ActStep)
        else step
        for step in flow.steps
    )
    step, action = first_act(content)
    said = differences(content, with_flow(content, flow.model_copy(update={"steps": later}))).as_text()
    was, by = str(action.by).replace("_", " "), content.content.vocabulary.by
    assert f"Step '{step}', action 1, by: was “{was}”, now “next review”" in said
    assert "no longer: " in said
    assert f"({by['next_review']})" in said
    assert "next_review" not in said


def test_what_is_due_later_is_said_as_an_urgency(content: Library) -> None:
    """A way whose soonest action comes later says when it was due and when it is now."""
    act = {"do": "tell_lead", "who": "you", "text": "Tell your lead.", "sources": ["H2"]}
    close = {"id": "close", "close": "So far", "sources": ["H25"]}
    head = {"id": "made", "title": "Made", "short": "Made", "about": "x", "group": "family", "order": 999}
    old, new = (
        with_flow(content, Flow.model_validate({**head, "steps": [{"id": "do", "act": [{**act, "by": by}]}, close]}))
        for by in ("today", "five_working_days")
    )
    words = content.content.vocabulary.urgency
    said = differences(old, new).as_text()
    assert f"Every way: was due {words['today']}, now {words['five_working_days']}." in said


def test_a_new_answer_and_a_gone_step_change_the_ways(content: Library) -> None:
    """Rows that come and go are counted, and where to read them is said."""
    flow = content.flows["new_partner"]
    ask = next(step for step in flow.steps if hasattr(step, "options") and len(step.options) > 2)
    fewer = ask.model_copy(update={"options": ask.options[:-1]})
    steps = tuple(fewer if step is ask else step for step in flow.steps)
    said = differences(content, with_flow(content, flow.model_copy(update={"steps": steps}))).as_text()
    assert f"gone: “{ask.options[-1].label}”" in said
    assert "rows of the table are gone" in said
    assert "thinkchild factcheck new_partner" in said


def test_a_step_of_another_kind_a_new_order_and_settings_of_a_flow_are_said_in_words(content: Library) -> None:
    """No Python in a lead's report."""
    flow = content.flows["fgm"]
    changed = flow.model_copy(
        update={
            "signpost": not flow.signpost,
            "exempt": {"P5": "because"},
            "means": ("harm_suspected",),
            "steps": (*flow.steps[:1], *flow.steps[2:3], flow.steps[1], *flow.steps[3:]),
        }
    )
    sentences = next(iter(differences(content, with_flow(content, changed)).parts.values()))
    assert f"signpost: was {'yes' if flow.signpost else 'no'}, now {'no' if flow.signpost else 'yes'}." in sentences
    assert any(line.endswith("now P5 (because).") for line in sentences)
    assert "means: was nothing, now “harm_suspected”." in sentences
    assert "The order of the steps changed." in sentences
    assert not [line for line in sentences if "{" in line or "('" in line or "True" in line]


@pytest.mark.parametrize(
    ("part", "heading"),
    [
        ("lines", "Fixed lines"),
        ("documents", "Documents"),
        ("points", "Learning points"),
        ("facts", "Guidance facts"),
        ("rules", "Hard rules"),
        ("rules_for_sharing", "Rules for sharing"),
        ("rungs", "The ladder"),
        ("areas", "Area packs"),
        ("danger_phrases", "Danger phrases"),
    ],
)
def test_whatever_stands_in_a_list_is_named_when_it_comes_goes_or_changes(
    content: Library, part: str, heading: str
) -> None:
    """Every list of the content with ids."""
    held = getattr(content.content, part)
    fewer = Library(content.content.model_copy(update={part: held[1:]}))
    assert differences(content, fewer).parts[heading] == [f"Gone: {held[0].id}."]
    assert differences(fewer, content).parts[heading] == [f"New: {held[0].id}."]
    key = next(key for key in ("text", "title", "name", "any") if hasattr(held[0], key))
    value = ("quite other words",) if key == "any" else "Quite other words"
    changed = held[0].model_copy(update={key: value})
    new = Library(content.content.model_copy(update={part: (changed, *held[1:])}))
    (sentence,) = differences(content, new).parts[heading]
    assert sentence.startswith(f"{held[0].id}, {key}: was ")
    assert "uite other words" in sentence
    assert "['" not in sentence


def test_signatures_words_that_are_recognised_and_the_vocabulary_are_not_passed_over(content: Library) -> None:
    """Nothing of the content can change in silence."""
    approved = signed(content, FLOW)
    assert differences(content, approved).parts == {
        "Signed": [f"{FLOW}, by A. Lead (designated safeguarding lead) on 2026-11-20."]
    }
    assert "No longer there" in differences(approved, content).as_text()
    for part, value in (("shorthand", {}), ("not_live", ()), ("happening_now", ()), ("writers", {})):
        new = Library(content.content.model_copy(update={part: value}))
        assert "Words that are recognised" in differences(content, new).parts, part
    examples = {**content.content.examples, "fgm": ("one",)}
    new = Library(content.content.model_copy(update={"examples": examples}))
    assert differences(content, new).parts == {"Example messages": ["Changed for: fgm."]}
    new = reworded(content, content.actions["tell_lead"].says, "tell them")
    assert "Vocabulary" in differences(content, new).parts


def test_every_part_of_the_content_is_compared(content: Library) -> None:
    """A part that somebody adds later must not be forgotten here."""
    for part in type(content.content).model_fields:
        held = getattr(content.content, part)
        if part in {"vocabulary", "blocks"} or not held:
            continue
        less = None if isinstance(held, Model) else dict(list(held.items())[1:]) if isinstance(held, dict) else held[1:]
        new = Library(content.content.model_copy(update={part: less}))
        assert differences(content, new).parts, part
