"""Area packs: what is missing, unverified or past its date, and a new pack with every slot there is.

Pure. A pack without a checked, unexpired number of an emergency duty team is not fit for release (safety review A2).
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bot.library import Library
    from bot.models import Area
    from bot.models.knowledge import Checked

EMERGENCY_DUTY_TEAM = "emergency_duty_team"


def findings(library: Library, area: Area, day: str) -> list[str]:
    """Return a line for everything in a pack that is not current on a day: what it is, and what has to be done."""
    found = [*_contacts(library, area, day), *_items(area, day), *_ladder(library, area, day)]
    if area.hours is None:
        found.append("office hours: not set, so the numbers for day and for night are both shown")
    if area.demonstration:
        found.append("this pack is invented: never for real work")
    return found or ["everything is set, checked and current"]


def _contacts(library: Library, area: Area, day: str) -> Iterator[str]:
    for name, word in library.contacts.items():
        contact = area.contacts.get(name)
        if contact is None or contact.number is None:
            who = contact.fill_by if contact is not None and contact.fill_by else "a safeguarding lead of this area"
            yield f"{word.says}: no number; to be filled by {who}"
        elif trouble := _trouble(contact, day):
            yield f"{contact.name}: {trouble}, shown as 'check before use'"


def _items(area: Area, day: str) -> Iterator[str]:
    for what, item in area.local_items.items():
        if item is None:
            yield f"{what}: not named"
        elif trouble := _trouble(item, day):
            yield f"{what} ({item.name}): {trouble}, shown as 'check before use'"


def _ladder(library: Library, area: Area, day: str) -> Iterator[str]:
    timed = {timing.rung: timing for timing in area.ladder}
    for rung in library.content.rungs:
        timing = timed.get(rung.id)
        if timing is None or timing.within is None:
            yield f"ladder, {rung.title.lower()}: no time set"
        elif trouble := _trouble(timing, day):
            yield f"ladder, {rung.title.lower()}: {trouble}, shown as 'check before use'"


def _trouble(item: Checked, day: str) -> str:
    """Say why something is not current, or nothing."""
    if item.is_current(day):
        return ""
    if item.checked_on is None:
        return "never checked"
    if item.checked_on > day:
        return f"checked on {item.checked_on}, which is still to come"
    if item.review_by is None:
        return "no review date"
    return f"its review date {item.review_by} is past" if day > item.review_by else "not verified"


def release_problems(area: Area, day: str) -> list[str]:
    """Return why a pack may not be used for real work on a day; empty when it may."""
    problems = []
    if area.demonstration:
        problems.append(f"{area.id}: this pack is invented: make one of your own with 'thinkchild area new'.")
    team = area.contacts.get(EMERGENCY_DUTY_TEAM)
    if team is None or team.number is None:
        problems.append(
            f"{area.id}: there is no number for the emergency duty team: ring it, then write it with checked_on and review_by."
        )
    elif not team.is_current(day):
        problems.append(
            f"{area.id}: the number of the emergency duty team is not current ({_trouble(team, day)}): check it and write the day."
        )
    return problems


def skeleton(library: Library, name: str, title: str) -> str:
    """Return the YAML of a new pack: every contact, body and rung there is, each an empty slot that says who fills it."""
    who = json.dumps(f"a safeguarding lead in {title}, with the day they checked it", ensure_ascii=False)
    lines = [
        f"# {title}: fill in what you have checked yourself, with the day. `thinkchild area check {name}` says what is missing.",
        '# A number: number: "0123 456 7890" (in quotes), checked_on: "2026-11-21", review_by: "2027-05-21", evidence: primary',
        '# Office hours, when you know them: hours: {days: [mon, tue, wed, thu, fri], opens: "08:30", closes: "17:00"}',
        f"id: {name}",
        f"name: {json.dumps(title, ensure_ascii=False)}",
        'note: "No numbers are set yet: use your own procedures and the council\'s own page."',
    ]
    lines += [
        f'{key}: {{name: "{what}: name the present one, with its address"}}'
        for key, what in (
            ("partnership", "The safeguarding partnership"),
            ("thresholds", "The threshold document"),
            ("early_help", "The way to early help or family help"),
            ("procedures", "The procedures"),
        )
    ]
    lines.append("contacts:")
    for contact in library.contacts.values():
        lines += [f"  {contact.id}:", f"    name: {json.dumps(contact.says)}", f"    fill_by: {who}"]
    lines.append("ladder:")
    lines += [f"  - {{rung: {rung.id}}}" for rung in library.content.rungs]
    return "\n".join(lines) + "\n"


__all__ = ["findings", "release_problems", "skeleton"]
