"""A turn as it is kept and sent: the object of the JSON contract, and what was answered, in our words."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from bot.asking import (
    EMERGENCY,
    MENU,
    WERE_YOU_HEARD,
    answers_given,
    closing_step,
    cut,
    is_closed,
    open_question,
    urgency,
)
from bot.clock import NIGHT, clock_time, due
from bot.events import Alarmed, Chose, Do, Marked, Nudged, Open, Unclear, WroteAs
from bot.models import Urgency
from bot.replay import urgency_of

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from bot.events import Event, OptionShown, Reply
    from bot.library import Library
    from bot.models import QuietHours
    from bot.state import State


CASE_AGAIN = "the label of an earlier case"
"""How a receipt says that somebody came back to a case."""
CHANGING = "change: "
"""Before the question whose answer somebody asked to give again."""


def timed(reply: Reply, now: datetime, quiet: QuietHours = NIGHT) -> Reply:
    """Add to offers of a reminder the clock time that each would come at."""
    if not any(option.offer for option in reply.options):
        return reply
    return replace(reply, options=tuple(_timed_option(option, now, quiet) for option in reply.options))


def _timed_option(option: OptionShown, now: datetime, quiet: QuietHours) -> OptionShown:
    offer = option.offer
    if offer is None or option.by is None:
        return option
    at = due(minutes=offer.minutes, next_working_morning=offer.next_working_morning, by=option.by, now=now, quiet=quiet)
    when = clock_time(at, now)
    return replace(option, label=f"{option.label}, {when}", short=f"{option.short}, {when}")


def reply_out(library: Library, reply: Reply, text: str) -> dict[str, Any]:
    """Return one reply as the JSON contract has it."""
    by = library.content.vocabulary.by
    return {
        "kind": str(reply.kind),
        "text": text,
        "multiple": reply.multiple,
        "options": [{"id": option.id, "label": option.label, "short": option.short} for option in reply.options],
        "prompts": [
            {"id": prompt.id, "text": prompt.text, **({"mark": str(prompt.mark)} if prompt.mark else {})}
            for prompt in reply.prompts
        ],
        "sources": list(reply.sources),
        "actions": [
            {"do": action.do, "who": action.who, "by": {"anchor": str(action.by), "text": by[action.by]}}
            for action in reply.actions
        ],
    }


def turn_out(
    library: Library,
    state: State,
    said: Iterable[tuple[Reply, str]],
    *,
    session: str,
    receipt: str,
    decision: str | None,
) -> dict[str, Any]:
    """Return one turn as the JSON contract has it: its replies with their texts, and how it stands after them."""
    alarm = state.interrupt is not None and state.interrupt.about == EMERGENCY
    soon = Urgency.NOW if alarm else urgency(library, state)
    flow, open_step = where(library, state)
    return {
        "session": session,
        "flow": flow or None,
        "step": open_step or None,
        "decision": decision,
        "replies": [reply_out(library, reply, text) for reply, text in said],
        "urgency": str(soon) if soon else None,
        "receipt": receipt if state.made or state.alarmed else None,
        "closed": is_closed(library, state),
        "content_version": library.version,
    }


def urgency_word(reply: Reply) -> str:
    """Return how soon what a reply tells to do is due, or nothing."""
    soon = urgency_of(reply.actions)
    return str(soon) if soon else ""


def where(library: Library, state: State) -> tuple[str, str]:
    """Return (flow, open step) for the record: the innermost flow, and the full name of what is asked."""
    flow = next((run.route for run in reversed(state.runs) if run.route in library.flows), "")
    if state.interrupt is None and state.top is None:
        return "", MENU
    if is_closed(library, state):
        return flow, closing_step(library, state)
    return flow, open_question(library, state).step


def told(library: Library, state: State, event: Event) -> str:
    """Write out what was answered, for the receipt: labels that we wrote, never words that were typed."""
    match event:
        case Chose():
            labels = {option.id: option.label for option in open_question(library, state).options}
            return ", ".join(labels.get(option, "something not offered") for option in event.options)
        case Marked():
            prompts = {prompt.id: prompt.text for prompt in open_question(library, state).prompts}
            words = library.content.vocabulary.marks
            return "; ".join(f"{prompts[prompt]} [{words[mark]}]" for prompt, mark in event.marks if prompt in prompts)
        case Open():
            return library.flows[event.flow].title if event.flow in library.flows else "something not offered"
        case Do() if event.step:
            asked = {name: question for name, question, _ in answers_given(library, state)}
            known = next((name for name in asked if name == event.step or name.endswith(f"/{event.step}")), None)
            return f"{CHANGING}{cut(asked[known], 40)}" if known else event.command
        case Do():
            return event.command
        case Alarmed():
            return "typed words that mean danger"
        case WroteAs():
            return "typed words of somebody else than a practitioner in England"
        case Unclear():
            return "typed words"
        case Nudged():
            return asked_if_heard(library, event.choice) or "came back from a reminder"


def asked_if_heard(library: Library, choice: str) -> str:
    """Return the label of an answer to whether somebody was heard; nothing where there is no such answer."""
    asks = library.blocks[WERE_YOU_HEARD].steps[0] if WERE_YOU_HEARD in library.blocks else None
    return next((option.label for option in getattr(asks, "options", ()) if option.id == choice), "")


def is_first_answer(before: State, after: State) -> bool:
    """Say whether the very first question of a session has just been answered."""
    if after.made != 1 or not after.runs:
        return False
    return len(after.runs[0].answers) == 1 and (not before.runs or not before.runs[0].answers)
