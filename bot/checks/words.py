"""Checks of the words themselves: they fit a phone, they are plain, and the old does not pass for the new."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from bot.checks.structure import Check, part_of, routes
from bot.guard import Identifier, identifiers
from bot.models import ActStep, AskStep, CallStep, CloseStep, EscalateStep, PromptsStep, RemindStep, SayStep, ShareStep
from bot.readability import reading_age

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bot.errors import Problem
    from bot.library import Library, Origins
    from bot.models import Step
    from bot.reading import Where

MESSAGE, BUTTON, PROMPT = 600, 20, 170
OLDEST_LINE, OLDEST_FLOW = 17.0, 13.0
"""Reading ages in years: of one line, and of a flow taken together."""

PLACEHOLDERS = frozenset(
    {
        "label",
        "receipt",
        "time",
        "title",
        "answers",
        "draft",
        "role",
        "day",
        "about",
        "minutes",
        "count",
        "code",
        "other",
        "last",
        "within",
    }
)
BANNED = {
    r"disguised compliance": "write what the adult did: agreement without change",
    r"non-engag\w+": "write what happened: help was offered and not taken up",
    r"did not attend|\bDNA\b": "write 'was not brought'",
    r"\b85\s?%": "that attendance figure is history, never a trigger",
    r"\bno need to (tell|refer|ring|report)\b": "the assistant never says there is no need to tell anyone",
    r"\b(is|are|be|seems?) (now )?safe enough\b": "the assistant never rates a child safe",
    r"\b(non-)?accidental\b": "the assistant never says how an injury came about",
    r"\bLSCB\b|\bSerious Case Review\b": "that body or name is history",
    r"\byou must by law\b": "no reader is told they must by law (safety review A8)",
}
NUMBER = re.compile(r"(?<!\d)(?:\+44|0)(?:[ ()-]*\d){9,10}(?!\d)")
NATIONAL_LINES = frozenset({"0800 1111", "0808 800 5000", "0800 028 0285", "116 123"})
"""The only numbers that words may hold; every other number belongs to an area pack."""


def texts_of(step: Step) -> Iterator[tuple[Where, str]]:
    """Yield (where, words) for everything a step says."""
    match step:
        case SayStep():
            yield ("say",), step.say
        case ShareStep():
            yield ("share",), step.share
        case EscalateStep():
            yield ("escalate",), step.escalate
        case ActStep():
            yield ("intro",), step.intro
            yield from ((("act", place, "text"), action.text) for place, action in enumerate(step.act))
        case AskStep():
            yield ("ask",), step.ask
            if step.rephrase:
                yield ("rephrase",), step.rephrase
            yield from ((("options", place, "label"), option.label) for place, option in enumerate(step.options))
        case PromptsStep():
            yield ("intro",), step.intro
            for place, prompt in enumerate(step.prompts):
                yield ("prompts", place, "text"), prompt.text
                yield ("prompts", place, "note"), prompt.note
        case RemindStep():
            yield ("remind",), step.remind
        case CloseStep():
            yield ("close",), step.close
        case _:
            return


def messages_fit_a_phone(library: Library, origins: Origins) -> Iterator[Problem]:
    """Promise P11: a message has at most 600 characters, a label a short form of at most 20."""
    labels = _lengths_of_labels(library)
    for route in routes(library):
        label = labels.get(route.id, 0)
        for place, step in enumerate(route.steps):
            at: Where = ("steps", place)
            for where, words in texts_of(step):
                limit = PROMPT if where[0] == "prompts" else MESSAGE
                length = len(words) + (label if len(where) == 1 else 0)
                if length > limit:
                    yield origins.problem(
                        part_of(route),
                        route.id,
                        (*at, *where),
                        "P11",
                        f"This has {length} characters; a phone shows {limit}: shorten it, or make two steps of it.",
                    )
            length = _length_together(library, step) + label
            if isinstance(step, ActStep | PromptsStep) and length > MESSAGE:
                yield origins.problem(
                    part_of(route),
                    route.id,
                    (*at, "act" if isinstance(step, ActStep) else "prompts"),
                    "P11",
                    f"Together this message has {length} characters; a phone shows {MESSAGE}: make two steps of it.",
                )
            if isinstance(step, AskStep):
                for number, option in enumerate(step.options):
                    if len(option.short or option.label) > BUTTON:
                        yield origins.problem(
                            part_of(route),
                            route.id,
                            (*at, "options", number),
                            "P11",
                            f"The label '{option.label}' is longer than {BUTTON} characters: add a 'short' for narrow buttons.",
                        )
                if "?" not in step.ask:
                    yield origins.problem(
                        part_of(route), route.id, (*at, "ask"), "no_question", "A question has to have a question mark."
                    )
    for line in library.content.lines:
        if len(line.text) > MESSAGE:
            yield origins.problem(
                "lines", line.id, ("text",), "P11", f"This has {len(line.text)} characters; a phone shows {MESSAGE}."
            )


def _length_together(library: Library, step: Step) -> int:
    """Return the length of a list as it is shown, without the local numbers, which are an area's own."""
    match step:
        case ActStep():
            return len(step.intro) + sum(len(item.text) + 8 for item in step.act if library.actors.get(item.who))
        case PromptsStep():
            return len(step.intro) + sum(len(prompt.text) + len("\n1. \n") for prompt in step.prompts)
        case _:
            return 0


def _lengths_of_labels(library: Library) -> dict[str, int]:
    """Return, for each block that is said of a child by a label, how long the longest label before its words is."""
    calls = [(route.id, step) for route in routes(library) for step in route.steps if isinstance(step, CallStep)]
    longest: dict[str, int] = {}
    for _ in calls:  # a label holds in the blocks that are called inside its own too
        before = dict(longest)
        for caller, call in calls:
            word = library.subjects.get(call.subject or "")
            length = len(f"{word.says}: ") if word else longest.get(caller, 0)
            longest[call.call] = max(longest.get(call.call, 0), length)
        if longest == before:
            break
    return longest


def words_are_plain(library: Library, origins: Origins) -> Iterator[Problem]:
    """Promise P11: reading age is bounded, for each line and for each flow taken together."""
    for route in routes(library):
        everything = []
        for place, step in enumerate(route.steps):
            for where, words in texts_of(step):
                if where[0] == "options" or where[-1] == "note":
                    continue
                everything.append(words)
                age = reading_age(words)
                if age > OLDEST_LINE and len(words) > BUTTON * 4:
                    yield origins.problem(
                        part_of(route),
                        route.id,
                        ("steps", place, *where),
                        "P11",
                        f"The reading age of this is {age:.0f}; at most {OLDEST_LINE:.0f} is plain enough: use shorter sentences and words.",
                    )
        age = reading_age(" ".join(everything))
        if age > OLDEST_FLOW:
            yield origins.problem(
                part_of(route),
                route.id,
                (),
                "P11",
                f"The reading age of the whole is {age:.1f}; at most {OLDEST_FLOW:.0f} is plain enough.",
            )


def nothing_old_or_forbidden(library: Library, origins: Origins) -> Iterator[Problem]:
    """Hard rules H10 and H22: no judgement, no blame, no old threshold, no number outside the area packs."""
    said = [
        (part_of(route), route.id, ("steps", place, *where), words)
        for route in routes(library)
        for place, step in enumerate(route.steps)
        for where, words in texts_of(step)
    ]
    said += [("lines", line.id, ("text",), line.text) for line in library.content.lines]
    for flow in library.content.flows:
        said += [("flows", flow.id, (key,), getattr(flow, key)) for key in ("title", "short", "about")]
    for place, contact in enumerate(library.content.vocabulary.contacts):
        said.append(("vocabulary", "vocabulary", ("contacts", place, "fallback"), contact.fallback))
    for part, record, where, text in said:
        words = " ".join(text.split())
        for pattern, instead in BANNED.items():
            if found := re.search(pattern, words, re.IGNORECASE):
                yield origins.problem(
                    part, record, where, "forbidden_words", f"'{found[0]}' may not be said: {instead}."
                )
        for number in NUMBER.findall(words):
            if number not in NATIONAL_LINES:
                yield origins.problem(
                    part,
                    record,
                    where,
                    "H22",
                    f"The number {number} belongs in an area pack, where it has a date: take it out here.",
                )


def nobody_is_named(library: Library, origins: Origins) -> Iterator[Problem]:
    """Hard rule H23: no line holds what could identify somebody, not even as an example."""
    for route in routes(library):
        for place, step in enumerate(route.steps):
            for where, words in texts_of(step):
                for kind in identifiers(words):
                    if kind is not Identifier.PHONE:  # numbers have a check of their own
                        yield origins.problem(
                            part_of(route),
                            route.id,
                            ("steps", place, *where),
                            "H23",
                            f"This looks as though it holds a {kind}: write it without.",
                        )


def placeholders_are_known(library: Library, origins: Origins) -> Iterator[Problem]:
    """A fixed line is filled in only with what the session knows; a step is never filled in."""
    for line in library.content.lines:
        for name in re.findall(r"\{(\w+)\}", line.text):
            if name not in PLACEHOLDERS:
                yield origins.problem(
                    "lines",
                    line.id,
                    ("text",),
                    "unknown_placeholder",
                    f"{{{name}}} is nothing that can be filled in; there are: {', '.join(sorted(PLACEHOLDERS))}.",
                )
    for route in routes(library):
        for place, step in enumerate(route.steps):
            for where, words in texts_of(step):
                if "{" in words or "}" in words:
                    yield origins.problem(
                        part_of(route),
                        route.id,
                        ("steps", place, *where),
                        "placeholder",
                        "Steps are said as they stand: leave braces out.",
                    )


CHECKS: tuple[Check, ...] = (
    messages_fit_a_phone,
    words_are_plain,
    nothing_old_or_forbidden,
    nobody_is_named,
    placeholders_are_known,
)
