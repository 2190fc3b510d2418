"""What changed between two versions of the content, in a lead's words: flows, sentences, paths and urgencies.

Pure. Sentences are compared place by place; paths by the answers that make a row of the table of a flow.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from bot.checks.words import texts_of
from bot.factcheck import rows_of
from bot.outline import steps_below
from bot.picture import kind_of
from bot.signing import routes_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from bot.factcheck import Row
    from bot.library import Library
    from bot.models import Flow, Model, Route

MOST_WAYS = 12
"""Of one flow and one kind; the rest is counted."""


@dataclass(slots=True)
class Changes:
    """Headings, each with its sentences, in the order to be read."""

    parts: dict[str, list[str]] = field(default_factory=dict)

    def say(self, heading: str, sentence: str) -> None:
        """Add one sentence."""
        self.parts.setdefault(heading, []).append(sentence)

    def as_text(self) -> str:
        """Return everything as plain text; one sentence when nothing changed."""
        if not self.parts:
            return "Nothing changed: the same words, the same paths."
        return "\n".join(
            line for heading, said in self.parts.items() for line in (heading, *(f"  - {one}" for one in said), "")
        )


def differences(old: Library, new: Library) -> Changes:
    """Return what changed from one library to another."""
    found = Changes()
    _flows(old, new, found)
    _blocks(old, new, found)
    _lists(old, new, found)
    return found


def _flows(old: Library, new: Library, found: Changes) -> None:
    for name in sorted(set(old.flows) | set(new.flows)):
        if name not in old.flows:
            found.say("Flows", f"New: {name}, '{new.flows[name].title}'.")
        elif name not in new.flows:
            found.say("Flows", f"Gone: {name}, '{old.flows[name].title}'.")
        else:
            heading = f"Flow {name}, '{new.flows[name].title}'"
            for key in ("title", "short", "about", "group", "order", "signpost", "exempt", "means"):
                before, after = getattr(old.flows[name], key), getattr(new.flows[name], key)
                if before != after:
                    found.say(heading, f"{key}: was {_worded(before)}, now {_worded(after)}.")
            for sentence in (*_steps(old.flows[name], new.flows[name]), *_ways(old, new, name)):
                found.say(heading, sentence)


def _blocks(old: Library, new: Library, found: Changes) -> None:
    for name in sorted(set(old.blocks) | set(new.blocks)):
        if name not in old.blocks or name not in new.blocks:
            held, word = (new, "New") if name in new.blocks else (old, "Gone")
            found.say("Shared steps", f"{word}: {name}, '{held.blocks[name].title}'.")
            continue
        changed = list(_steps(old.blocks[name], new.blocks[name]))
        if changed:
            users = sorted(flow.id for flow in new.flows.values() if _uses(new, flow, name))
            heading = f"Shared steps {name}, '{new.blocks[name].title}' (in {', '.join(users) or 'no flow'})"
            for sentence in changed:
                found.say(heading, sentence)


def _uses(library: Library, flow: Flow, block: str) -> bool:
    return any(getattr(step, "call", None) == block for _, step in steps_below(library, flow))


def _steps(old: Route, new: Route) -> Iterator[str]:
    before, after = {step.id: step for step in old.steps}, {step.id: step for step in new.steps}
    for name in before:
        if name not in after:
            yield f"Step '{name}' is gone."
    for name, step in after.items():
        if name not in before:
            yield f"New step '{name}' ({kind_of(step)}): {_short(' '.join(words for _, words in texts_of(step)))}"
            continue
        earlier = before[name]
        if earlier == step:
            continue
        yield from _sentences(name, dict(_said(earlier)), dict(_said(step)))
        if kind_of(earlier) != kind_of(step):
            yield f"Step '{name}' was {kind_of(earlier)} and is {kind_of(step)} now."
            continue
        yield from _sentences(name, dict(_facts(earlier)), dict(_facts(step)))
    kept = [name for name in after if name in before]
    if kept != [name for name in before if name in after]:
        yield "The order of the steps changed."


def _said(step: Model) -> Iterator[tuple[str, str]]:
    for where, words in texts_of(step):  # type: ignore[arg-type] # a step of either version
        yield (
            re.sub(r"^act ", "action ", " ".join(str(part + 1) if isinstance(part, int) else part for part in where)),
            words,
        )


def _sentences(step: str, before: Mapping[str, str], after: Mapping[str, str]) -> Iterator[str]:
    for where in (*before, *(place for place in after if place not in before)):
        if before.get(where) == after.get(where):
            continue
        if where not in before:
            yield f"Step '{step}', {where}: new: {_quoted(after[where])}"
        elif where not in after:
            yield f"Step '{step}', {where}: gone: {_quoted(before[where])}"
        else:
            yield f"Step '{step}', {where}: was {_quoted(before[where])}, now {_quoted(after[where])}"


PARTS = {"act": "action", "options": "answer", "prompts": "prompt", "offers": "offer"}
SAYS = {"do": "what", "next": "leads to", "if": "only if", "unless": "not if", "when": "only in", "means": "means"}


def _facts(step: Model) -> Iterator[tuple[str, str]]:
    """Yield everything of a step but its sentences: who, by when, sources, conditions, where it leads."""
    texts = {where[-1] for where, _ in texts_of(step)}  # type: ignore[arg-type] # a step of either version
    for key, value in step.model_dump(mode="json", by_alias=True, exclude_defaults=True).items():
        if key in PARTS:
            for place, part in enumerate(value, 1):
                for inner, held in part.items():
                    if inner not in texts:
                        yield f"{PARTS[key]} {place}, {SAYS.get(inner, inner)}", _worded(held).replace("_", " ")
        elif key not in texts:
            yield SAYS.get(key, key), _worded(value).replace("_", " ")


def _ways(old: Library, new: Library, name: str) -> Iterator[str]:
    """Compare what the same answers lead to, and say how many ways came or went."""
    if routes_of(old, old.flows[name]) == routes_of(new, new.flows[name]):
        return  # no way can have changed, and the longest tables take seconds
    before = {_key(row): row for row in rows_of(old, old.flows[name])}
    after = {_key(row): row for row in rows_of(new, new.flows[name])}
    said = [line for key in before if key in after for line in _outcome(new, key, before[key], after[key])]
    yield from said[:MOST_WAYS]
    if len(said) > MOST_WAYS:
        yield f"... and {len(said) - MOST_WAYS:,} more ways lead to something else."
    gone, come = [key for key in before if key not in after], [key for key in after if key not in before]
    if gone or come:
        yield f"Ways: {len(gone):,} rows of the table are gone and {len(come):,} are new (see 'thinkchild factcheck {name}')."


def _key(row: Row) -> tuple[str, ...]:
    return (row.begun, *(f"{answered.step}: {' or '.join(answered.answers)}" for answered in row.answers))


def _outcome(library: Library, key: tuple[str, ...], before: Row, after: Row) -> Iterator[str]:
    way = " > ".join(part.split("/", 1)[-1] for part in key[1:]) or "Every way"
    if before.urgency != after.urgency:
        words = library.content.vocabulary.urgency
        was, now = (words[row.urgency] if row.urgency else "nothing" for row in (before, after))
        yield f"{way}: was due {was}, now {now}."
    was_told, now_told = {(t.do, t.by) for t in before.told}, {(t.do, t.by) for t in after.told}
    says = {word.id: word.says for word in library.actions.values()}
    when = library.content.vocabulary.by
    lost = ", ".join(f"{says.get(do, do)} ({when[by]})" for do, by in sorted(was_told - now_told))
    won = ", ".join(f"{says.get(do, do)} ({when[by]})" for do, by in sorted(now_told - was_told))
    if lost or won:
        yield f"{way}: {f'no longer: {lost}. ' if lost else ''}{f'Now also: {won}.' if won else ''}".strip()


LISTS = {
    "lines": "Fixed lines",
    "documents": "Documents",
    "points": "Learning points",
    "facts": "Guidance facts",
    "rules": "Hard rules",
    "rules_for_sharing": "Rules for sharing",
    "rungs": "The ladder",
    "areas": "Area packs",
    "danger_phrases": "Danger phrases",
}
BY_NAME = {
    "not_live": "Words for what is over",
    "happening_now": "Words for what goes on now",
    "shorthand": "Shorthand",
    "writers": "Who is writing",
    "alike": "Words that mean much the same",
    "cuts": "How sure it has to be",
    "answers": "Words that answer",
}
"""Lists without ids: what they are called, when they are not the same."""


def _lists(old: Library, new: Library, found: Changes) -> None:
    for part, heading in LISTS.items():
        before = {item.id: item for item in getattr(old.content, part)}
        after = {item.id: item for item in getattr(new.content, part)}
        for name in (*before, *(one for one in after if one not in before)):
            if before.get(name) == after.get(name):
                continue
            if name not in before:
                found.say(heading, f"New: {name}.")
            elif name not in after:
                found.say(heading, f"Gone: {name}.")
            else:
                was, now = before[name].model_dump(mode="json"), after[name].model_dump(mode="json")
                for key in (key for key in now if was.get(key) != now.get(key)):
                    found.say(
                        heading,
                        f"{name}, {key.replace('_', ' ')}: was “{_short(was.get(key))}”, now “{_short(now[key])}”.",
                    )
    _recognised(old, new, found)


def _recognised(old: Library, new: Library, found: Changes) -> None:
    """Compare what has no ids: signatures, the vocabulary, and words that are recognised."""
    for part, heading in BY_NAME.items():
        if getattr(old.content, part) != getattr(new.content, part):
            found.say("Words that are recognised", f"{heading}: changed.")
    for signature in new.content.signatures:
        if signature not in old.content.signatures:
            found.say("Signed", f"{signature.flow}, by {signature.name} ({signature.role}) on {signature.on}.")
    for signature in old.content.signatures:
        if signature not in new.content.signatures:
            found.say("Signed", f"No longer there: {signature.flow}, by {signature.name} on {signature.on}.")
    if old.content.vocabulary != new.content.vocabulary:
        one, two = old.content.vocabulary.model_dump(mode="json"), new.content.vocabulary.model_dump(mode="json")
        found.say("Vocabulary", f"Changed: {', '.join(key for key in two if one.get(key) != two[key])}.")
    if old.content.examples != new.content.examples:
        changed = sorted(
            set(old.content.examples) ^ set(new.content.examples)
            | {
                name
                for name in set(old.content.examples) & set(new.content.examples)
                if old.content.examples[name] != new.content.examples[name]
            }
        )
        found.say("Example messages", f"Changed for: {', '.join(changed)}.")


def _quoted(text: str) -> str:
    """Put a sentence between marks that it has not got already."""
    return text if text.startswith("“") else f"“{text}”"


def _worded(value: object) -> str:
    """Write a value as somebody would say it."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, dict):
        return "; ".join(f"{key} ({why})" for key, why in value.items()) or "nothing"
    if isinstance(value, tuple | list):
        return ", ".join(_worded(item) for item in value) or "nothing"
    return f"“{value}”" if isinstance(value, str) else "nothing" if value is None else str(value)


def _short(value: object, most: int = 300) -> str:
    text = value if isinstance(value, str) else _worded(value)
    return text if len(text) <= most else text[:most].rsplit(" ", 1)[0] + " …"
