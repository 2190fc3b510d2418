"""Cases: a label used again, what was advised under it before, and what has to be gone over again since.

A label means something only to whoever was given it. Whatever has changed, nothing urgent is taken back here: earlier advice is
marked, repeated, and counted as gone over again only when the person says that they did so with a lead. A flow gone through
since then is about the new fact, and not about what was said before it was known.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.advice_log.marks import (
    HEARD,
    REASSESS,
    REVIEWED,
    add_mark,
    advised_at,
    labels_advised,
    marks_of,
    sessions_under,
    standing_marks,
)
from bot.asking import actions_so_far, line
from bot.clock import read, shown
from bot.models import BY_URGENCY, Urgency
from bot.state import State

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from bot.advice_log.log import AdviceLog
    from bot.events import ActionShown, Reply
    from bot.library import Library
    from bot.models import Vocabulary
    from bot.shelf import Shelf

CHANGES = {
    "new_partner": "a new partner or adult",
    "family_moved": "a move",
    "school_transition": "a change of school",
    "missed_appointments": "a missed appointment",
    "mark_on_child": "a new mark or injury",
}
"""Flow -> what has changed when it is opened in a case that was advised on before; kept with the mark as it stands here."""
THIRD = 3
"""From so many times on, somebody is asked to talk the whole of it over."""
SHOWN_IN_FULL = 3
"""Earlier sessions that are repeated with all they advised; of those before them only what was urgent is."""
AT_A_TIME = 330
"""Characters of advice in one message: with the words around it that fits a phone."""
NOTHING = "nothing yet"
"""What stands where a session ended before anything was advised."""
_AROUND = frozenset({"case", "label", "the", "my", "about", "its", "it's", "it", "is", "this", "again", "re", "called"})
"""Words around a label that say nothing else."""
LONGEST = 100
"""Characters of what may be a label with a few words around it."""
LONG = 6
"""Letters of a word in which two slips may still be no other word."""


@dataclass(frozen=True, slots=True)
class Earlier:
    """One session that was held under a label before."""

    session: str
    receipt: str
    at: str
    actions: tuple[ActionShown, ...]
    heard: tuple[tuple[str, frozenset[str]], ...]
    """When the person said that a named person had heard them, and of which actions."""
    since: tuple[str, ...]
    """What has changed since and was not gone over again."""


# --- which label --------------------------------------------------------------------------------------------------


def meant(labels: Sequence[str], typed: str, vocabulary: Vocabulary) -> str:
    """Return which of somebody's own labels they typed, or nothing; small slips and a few words around it are no matter.

    A slip that makes another word of the vocabulary is none: "amber kite" is never taken for "amber kettle".
    """
    words = _words(typed)
    if not words or not labels:
        return ""
    if len(words) == 1:
        return next((label for label in labels if label.replace(" ", "") == words[0]), "")
    parts = [label.split(" ", 1) for label in labels if " " in label]
    colours = {*vocabulary.label_colours, *(part[0] for part in parts)}
    things = {*vocabulary.label_things, *(part[1] for part in parts)}
    wanted = f"{_nearest(words[0], colours)} {_nearest(words[1], things)}"
    return wanted if wanted in labels else ""


def _words(typed: str) -> list[str]:
    """Return the one or two words that may be a label; nothing where more was said, or less."""
    words = [word for word in re.findall(r"[^\W\d_]+(?:'[^\W\d_]+)?", typed[:LONGEST].lower()) if word not in _AROUND]
    return words if len(words) in {1, 2} and len(typed) < LONGEST else []


def _nearest(typed: str, known: Iterable[str]) -> str:
    """Return the one word that was meant, or nothing in case of doubt."""
    from rapidfuzz.distance import OSA  # noqa: PLC0415 - loaded only when words are typed

    found: dict[int, list[str]] = {}
    for word in known:
        slips = OSA.distance(typed, word)
        if slips <= (2 if len(word) >= LONG else 1):
            found.setdefault(slips, []).append(word)
    nearest = found[min(found)] if found else []
    return nearest[0] if len(nearest) == 1 else ""


# --- what was advised ---------------------------------------------------------------------------------------------


def earlier_under(log: AdviceLog, shelf: Shelf, person: str, label: str, *, but: str = "") -> tuple[Earlier, ...]:
    """Return what somebody was advised under a label, newest first; `but` is the session that is going on."""
    found = []
    for session in reversed(sessions_under(log, person, label)):
        current = log.session_state(session)
        if session == but or current is None:
            continue
        library = shelf.version(current.content_version).at(current.area, "")
        actions = actions_so_far(library, State.from_json(json.loads(current.state)["state"]))
        at = advised_at(log, session) or current.last_at
        heard = ((m.at, frozenset(m.about.split())) for m in marks_of(log, session) if m.mark == HEARD)
        since = tuple(mark.about for mark in standing_marks(log, session))
        found.append(Earlier(session, current.receipt, at, actions, tuple(heard), since))
    return tuple(found)


def own_label(log: AdviceLog, person: str, typed: str, vocabulary: Vocabulary) -> str:
    """Return which of the labels that somebody was advised under they typed, or nothing."""
    return meant(labels_advised(log, person), typed, vocabulary) if _words(typed) else ""


def repeated(library: Library, label: str, earlier: Sequence[Earlier]) -> tuple[Reply, ...]:
    """Return what somebody who comes back to a case is told before they are asked what has changed."""
    said = [line(library, "case_again", label=label)]
    for one in earlier[:SHOWN_IN_FULL]:
        time = shown(read(one.at))
        first, *more = in_parts(map(with_time, one.actions)) or [NOTHING]
        said.append(line(library, "case_advised", time=time, receipt=one.receipt, answers=first))
        said += [line(library, "case_more", answers=part) for part in more]
        for at, which in one.heard[-1:]:
            told = "; ".join(library.actions[do].says for do in sorted(which) if do in library.actions)
            said.append(line(library, "case_heard", time=shown(read(at)), answers=told))
        if one.since:
            said.append(line(library, "case_marked", time=time, answers=", ".join(one.since)))
    before = [f"{shown(read(one.at))} (receipt {one.receipt})" for one in earlier[SHOWN_IN_FULL:]]
    if before:
        said.append(line(library, "case_earlier", answers=(in_parts(before))[0]))
    if any(_waits(library, one) for one in earlier):
        said.append(line(library, "case_not_heard"))
    urgent = {a.do: a.says for one in earlier for a in one.actions if BY_URGENCY[a.by] in {Urgency.NOW, Urgency.TODAY}}
    for place, part in enumerate(in_parts(urgent.values())):
        said.append(line(library, "case_standing_on" if place else "case_standing", answers=part))
    if len(earlier) + 1 >= THIRD:
        said.append(line(library, "case_third", label=label, count=str(len(earlier) + 1)))
    return tuple(said)


def in_the_middle(library: Library, label: str, earlier: Sequence[Earlier]) -> tuple[Reply, ...]:
    """Return what somebody is told who types a label while something else is open: what stands, and how to go on with it."""
    said: list[Reply] = []
    for one in earlier[:1]:
        time = shown(read(one.at))
        first, *more = in_parts(map(with_time, one.actions)) or [NOTHING]
        said.append(line(library, "label_known", label=label, receipt=one.receipt, time=time, answers=first))
        said += [line(library, "case_more", answers=part) for part in more]
    return tuple(said)


def reports_of(library: Library, actions: Iterable[ActionShown]) -> tuple[ActionShown, ...]:
    """Return those actions that tell somebody who has to answer."""
    return tuple(action for action in actions if action.do in library.actions and library.actions[action.do].reports)


def in_parts(items: Iterable[str]) -> list[str]:
    """Join items into as few texts as fit a message each."""
    parts: list[str] = []
    for item in items:
        if parts and len(parts[-1]) + len(item) + 2 <= AT_A_TIME:
            parts[-1] += f"; {item}"
        else:
            parts.append(item)
    return parts


def with_time(action: ActionShown) -> str:
    """Return an action with the time it was due by."""
    return f"{action.says} ({action.by_text})"


def _waits(library: Library, one: Earlier) -> bool:
    """Say whether somebody was to be told of whom it isn't known that they heard."""
    heard = {do for _, which in one.heard for do in which}
    return any(action.do not in heard for action in reports_of(library, one.actions))


# --- marks --------------------------------------------------------------------------------------------------------


def changes_in(before: State, after: State) -> tuple[str, ...]:
    """Return what a turn shows to have changed: flows about a change that it opened, however they were opened."""
    opened = sorted(run.number for run in (*after.past, *after.runs) if run.number > before.made)
    routes = {run.number: run.route for run in (*after.past, *after.runs)}
    return tuple(dict.fromkeys(CHANGES[routes[number]] for number in opened if routes[number] in CHANGES))


def mark_for_reassessment(
    log: AdviceLog, earlier: Sequence[Earlier], changes: Sequence[str], turn: int, at: str
) -> None:
    """Mark what was advised before, once for each change, inside the open transaction."""
    for one in earlier:
        for change in changes:
            if change not in one.since:
                add_mark(log, one.session, turn, REASSESS, change, at)


def mark_as_reviewed(log: AdviceLog, earlier: Sequence[Earlier], turn: int, at: str) -> None:
    """Note that what was marked has been gone over again, inside the open transaction."""
    for one in earlier:
        for change in one.since:
            add_mark(log, one.session, turn, REVIEWED, change, at)


def mark_as_heard(log: AdviceLog, shelf: Shelf, session: str, turn: int, at: str) -> None:
    """Note which reports of a session a named person confirmed, inside the open transaction."""
    current = log.session_state(session)
    if current is None:
        return
    library = shelf.version(current.content_version).at(current.area, "")
    advised = reports_of(library, actions_so_far(library, State.from_json(json.loads(current.state)["state"])))
    if advised:
        add_mark(log, session, turn, HEARD, " ".join(sorted(action.do for action in advised)), at)


def marks_said(log: AdviceLog, session: str) -> tuple[str, ...]:
    """Return, for a receipt, what has changed since a session and was not gone over again."""
    marks = standing_marks(log, session)
    if not marks:
        return ()
    at = advised_at(log, session)
    when = f"Advised on {shown(read(at))}" if at else "Advised"
    return (f"{when}; since then: {', '.join(mark.about for mark in marks)}; not yet gone over again.",)
