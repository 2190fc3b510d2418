"""What a safeguarding lead has approved: the digest of everything a flow can say, and whether it is signed as it stands.

Pure. A digest takes in the flow, every block it goes through or opens, the 999 card, the words of its actions (what, who,
by when, whom to reach where an area has no number), the ladder it shows, and the sources it cites with their documents: a
change in any of these makes the flow a draft again. Other flows that it opens are signed by themselves, and the fixed lines
and an area's numbers belong to no flow.
"""

from __future__ import annotations

import hashlib
import json
from functools import lru_cache
from typing import TYPE_CHECKING

from bot.models import ActStep, AskStep, CallStep, EscalateStep, PromptsStep

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from bot.library import Library
    from bot.models import Flow, Model, Route, Signature, Step
    from bot.models.knowledge import ContactWord
    from bot.state import State

ALWAYS_THERE = "emergency"
"""The block that can come before any step of any flow."""


def routes_of(library: Library, flow: Flow) -> dict[str, Route]:
    """Return the flow and every block that somebody in it can come to, by id."""
    found: dict[str, Route] = {}
    waiting: list[str] = [flow.id, ALWAYS_THERE]
    while waiting:
        name = waiting.pop(0)
        route = flow if name == flow.id else library.blocks.get(name)
        if route is None or name in found:
            continue
        found[name] = route
        waiting += [onward for step in route.steps for onward in _onward(step)]
    return found


def _onward(step: Step) -> Iterator[str]:
    if isinstance(step, CallStep):
        yield step.call
    elif isinstance(step, AskStep):
        yield from (option.open for option in step.options if option.open)


def cited_by(step: Step) -> Iterator[str]:
    """Yield every source that a step cites, those of its actions and prompts included."""
    yield from getattr(step, "sources", ())
    if isinstance(step, ActStep):
        for action in step.act:
            yield from action.sources
    elif isinstance(step, PromptsStep):
        for prompt in step.prompts:
            yield from prompt.sources


@lru_cache(maxsize=512)
def digest_of(library: Library, flow_id: str) -> str:
    """Return the hash of everything that a flow can say, as hexadecimal digits."""
    flow = library.flows[flow_id]
    routes = routes_of(library, flow)
    steps = [step for route in routes.values() for step in route.steps]
    acts = [action for step in steps if isinstance(step, ActStep) for action in step.act]
    rungs = library.content.rungs if any(isinstance(step, EscalateStep) and step.ladder for step in steps) else ()
    cited = {source for step in steps for source in cited_by(step)} | {s for rung in rungs for s in rung.sources}
    sources = {source: library.sources[source] for source in cited if source in library.sources}
    subjects = {step.subject for step in steps if isinstance(step, CallStep) and step.subject}
    documents = {item.document for item in sources.values()}
    words = {action.do: library.actions[action.do] for action in acts if action.do in library.actions}
    said = {
        "routes": _dumped(routes),
        "sources": _dumped(sources),
        "documents": _dumped({name: library.documents[name] for name in documents if name in library.documents}),
        "actions": {word: action.says for word, action in words.items()},
        "who": {action.who: library.actors[action.who].says for action in acts if action.who in library.actors},
        "reached": _dumped(_reached(library, [word.contact for word in words.values() if word.contact])),
        "whose": {name: library.subjects[name].says for name in subjects if name in library.subjects},
        "rungs": _dumped({rung.id: rung for rung in rungs}),
        "by": library.content.vocabulary.by,
    }
    return hashlib.sha256(json.dumps(said, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


def _dumped(items: Mapping[str, Model]) -> dict[str, object]:
    return {name: item.model_dump(mode="json", by_alias=True) for name, item in items.items()}


def _reached(library: Library, contacts: list[str]) -> dict[str, ContactWord]:
    """Return whom some actions name, and whom to reach instead when the offices are shut."""
    known = {name: library.contacts[name] for name in contacts if name in library.contacts}
    shut = [word.out_of_hours for word in known.values() if word.out_of_hours in library.contacts]
    return {**known, **{name: library.contacts[name] for name in shut if name is not None}}


@lru_cache(maxsize=512)
def signature_of(library: Library, flow_id: str) -> Signature | None:
    """Return the latest signature that stands under a flow as it now is; None for a draft."""
    digest = digest_of(library, flow_id)
    standing = [one for one in library.content.signatures if one.flow == flow_id and one.digest == digest]
    return standing[-1] if standing else None


def standing(library: Library, flow: Flow | None) -> str:
    """Return the line that says whether a flow is approved as it stands, and by whom in which role; else that it is a draft."""
    signature = signature_of(library, flow.id) if flow is not None else None
    if signature is None:
        return library.lines["draft"].text
    text = library.lines["signed"].text
    return text.replace("{role}", signature.role).replace("{day}", signature.on)


def standing_of_all(library: Library, state: State) -> str:
    """Say whether everything that was gone through is approved as it stands; one draft among it makes it a draft."""
    flows = [library.flows[run.route] for run in (*state.past, *state.runs) if run.route in library.flows]
    said = [standing(library, flow) for flow in flows]
    draft = library.lines["draft"].text
    return draft if draft in said or not said else said[-1]


def is_offered(library: Library, route: str) -> bool:
    """Say whether a route may be opened: any, unless only what is signed is wanted."""
    return not library.require_signed or route not in library.flows or signature_of(library, route) is not None
