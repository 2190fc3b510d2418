"""Two walks with the same answers: through a flow as the engine goes, and through what was written for CALM."""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING, Any

from bot.models import (
    ActStep,
    AskStep,
    CallStep,
    CloseStep,
    EscalateStep,
    Mark,
    Moment,
    PromptsStep,
    RemindStep,
    SayStep,
    ShareStep,
)
from bot.navigation import MEANS, after, enter, path_of, shows, start, step_at
from bot.replay import DECLINE, facts_of, next_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from bot.library import Library
    from bot.models import Step
    from bot.rasa.calm import Calm

MOST = 2000


def ours(library: Library, flow: str, choose: Callable[[str, tuple[str, ...]], str], moment: Moment) -> list[str]:
    """Return every line said and question asked, with its answer, as the engine's own navigation has it."""
    said: list[str] = []
    facts = {MEANS + meaning for meaning in library.routes[flow].means}
    position = start(flow)
    while position is not None:
        step, path = step_at(library, position), path_of(library, position)
        assert len(said) < MOST
        if not shows(step, path, facts, moment):
            position = after(library, position, None)
        elif isinstance(step, CallStep):
            position = enter(library, position)
        elif isinstance(step, AskStep | PromptsStep | RemindStep):
            slot = f"{position[-1][0]}_{step.id}"
            answer = choose(slot, _answers(step))
            said += [*_asked(step), f"{slot}={answer}"]
            marks = ((step.prompts[0].id, Mark.WORRY),) if isinstance(step, PromptsStep) and answer == "worry" else ()
            chosen = (answer,) if not isinstance(step, PromptsStep) else ()
            if isinstance(step, AskStep) and any(o.id == answer and o.emergency for o in step.options):
                said.append("emergency")
            facts |= facts_of(step, path, chosen, marks)
            position = after(library, position, next_of(step, chosen))
        else:
            said += _said(library, step, partial(_shows, path, frozenset(facts), moment))
            position = after(library, position, None)
    return said


def _shows(path: str, facts: frozenset[str], moment: Moment, item: Any) -> bool:
    return shows(item, path, facts, moment)


def _answers(step: AskStep | PromptsStep | RemindStep) -> tuple[str, ...]:
    if isinstance(step, AskStep):
        return tuple(option.id for option in step.options if not option.open)
    if isinstance(step, PromptsStep):
        return ("worry", "no_worry")
    return (*(offer.id for offer in step.offers), DECLINE)


def _asked(step: AskStep | PromptsStep | RemindStep) -> list[str]:
    if isinstance(step, PromptsStep):
        return [step.intro, *(prompt.text for prompt in step.prompts)]
    return [step.ask if isinstance(step, AskStep) else step.remind]


def _said(library: Library, step: Step, shown: Callable[[Any], bool]) -> list[str]:
    match step:
        case SayStep():
            return [step.say]
        case ShareStep():
            return [step.share]
        case EscalateStep():
            rungs = library.content.rungs if step.ladder else ()
            return [step.escalate, *(f"{rung.title}: {rung.text}" for rung in rungs)]
        case CloseStep():
            return [f"{step.close}. {library.lines['limits'].text}"]
        case ActStep():
            return [f"{step.intro}:", *(action.text for action in step.act if shown(action))]
    raise AssertionError(step)


def theirs(calm: Calm, flow: str, choose: Callable[[str, tuple[str, ...]], str], moment: Moment) -> list[str]:
    """Walk the written flow by the rules that CALM's own documents give: steps, next, conditions, calls that return."""
    slots: dict[str, Any] = {name: slot.get("initial_value") for name, slot in calm.slots.items()}
    slots["moment"] = str(moment)
    said: list[str] = []
    _through(calm, flow, choose, slots, said)
    return said


def _through(
    calm: Calm,
    flow: str,
    choose: Callable[[str, tuple[str, ...]], str],
    slots: dict[str, Any],
    said: list[str],
) -> None:
    if flow == "emergency":
        said.append("emergency")
        return
    steps = calm.flows[flow]["steps"]
    places = {step["id"]: place for place, step in enumerate(steps)}
    here: Any = steps[0]["id"]
    while here != "END":
        way = [steps[places[here]]] if isinstance(here, str) else here
        here = None
        for step in way:
            assert len(said) < MOST
            if "action" in step:
                said += _lines(calm.responses[step["action"]][0]["text"])
            elif "collect" in step:
                slot = step["collect"]
                asked = calm.responses[f"utter_ask_{slot}"][0]
                said += _lines(asked["text"])
                values = tuple(re.findall(r"=(\w+)\)", "".join(b["payload"] for b in asked["buttons"])))
                slots[slot] = choose(slot, values)
                said.append(f"{slot}={slots[slot]}")
            elif "set_slots" in step:
                for each in step["set_slots"]:
                    slots.update(each)
            elif "call" in step:
                _through(calm, step["call"], choose, slots, said)
            here = _next(step["next"], slots) if "next" in step else here
        assert here is not None


def _next(following: Any, slots: dict[str, Any]) -> Any:
    if isinstance(following, str):
        return following
    for branch in following:
        if "else" in branch or holds(branch["if"], slots):
            return branch.get("then", branch.get("else"))
    raise AssertionError(following)


def holds(condition: str, slots: dict[str, Any]) -> bool:
    """Say whether a condition holds: `and`, `or`, `not`, brackets, `slots.x`, `slots.x is "y"`."""
    words = list(re.findall(r'[()]|slots\.\w+|"[^"]*"|\w+', condition))
    value = _either(words, slots)
    assert not words, condition
    return value


def _either(words: list[str], slots: dict[str, Any]) -> bool:
    value = _both(words, slots)
    while words and words[0] == "or":
        words.pop(0)
        value = _both(words, slots) or value
    return value


def _both(words: list[str], slots: dict[str, Any]) -> bool:
    value = _one(words, slots)
    while words and words[0] == "and":
        words.pop(0)
        value = _one(words, slots) and value
    return value


def _one(words: list[str], slots: dict[str, Any]) -> bool:
    word = words.pop(0)
    if word == "not":
        return not _one(words, slots)
    if word == "(":
        value = _either(words, slots)
        assert words.pop(0) == ")"
        return value
    found = slots[word.removeprefix("slots.")]
    if words and words[0] == "is":
        words.pop(0)
        return bool(found == words.pop(0).strip('"'))
    assert isinstance(found, bool), word
    return found


def _lines(text: str) -> Iterator[str]:
    """Yield the lines of a response without their dash, and an action without who does it and by when."""
    for line in text.split("\n"):
        yield re.sub(r" \([^()]*; [^();]*\)$", "", line.removeprefix("- "))
