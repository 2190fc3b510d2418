"""Who may do what: one function, asked before anything is shown or changed."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Role(StrEnum):
    """What somebody is to this installation. Whoever is let in is a practitioner, whatever else they are."""

    PRACTITIONER = "practitioner"
    TRAINER = "trainer"
    LEAD = "lead"
    ADMIN = "admin"


class Reach(StrEnum):
    """Whose sessions a lead may read."""

    OWN = "own"
    """Those of people of the lead's own setting."""
    ALL = "all"
    """Those of every setting here."""


class Action(StrEnum):
    """What somebody wants to do."""

    CONVERSE = "converse"
    LEAD_EXERCISES = "lead_exercises"
    """Start an exercise for a group, and send one as a file."""
    READ_RECEIPT = "read_receipt"
    LIST_SESSIONS = "list_sessions"
    EXPORT = "export"
    VERIFY = "verify"
    HOLD = "hold"
    """Keep a session from being erased, or no longer."""
    SEE_READINGS = "see_readings"
    """See who read what."""
    SEE_MEMBERS = "see_members"
    ENROL = "enrol"
    """Invite people, change what they may do, and take that away."""
    ERASE = "erase"
    BACK_UP = "back_up"


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody, as a pseudonym, with the roles they have here."""

    id: str
    roles: frozenset[Role] = frozenset({Role.PRACTITIONER})
    member: str = ""
    """Their number among the members; empty for whoever is not enrolled."""
    setting: str = ""
    """The school, team or service they belong to, as whoever enrolled them called it."""
    reach: Reach = Reach.OWN


@dataclass(frozen=True, slots=True)
class About:
    """Whose session something concerns; an owner of None is one that was erased."""

    owner: str | None
    setting: str = ""
    """Where its owner belonged when it began; empty if nobody knows."""
    restricted: bool = False
    """It holds advice about a worry over somebody on the staff (hard rule H17)."""


NEEDS: dict[Action, frozenset[Role]] = {
    Action.CONVERSE: frozenset(Role),
    Action.LEAD_EXERCISES: frozenset({Role.TRAINER}),
    Action.READ_RECEIPT: frozenset({Role.LEAD}),
    Action.LIST_SESSIONS: frozenset({Role.LEAD}),
    Action.EXPORT: frozenset({Role.LEAD}),
    Action.VERIFY: frozenset({Role.LEAD, Role.ADMIN}),
    Action.HOLD: frozenset({Role.LEAD, Role.ADMIN}),
    Action.SEE_READINGS: frozenset({Role.LEAD, Role.ADMIN}),
    Action.SEE_MEMBERS: frozenset({Role.ADMIN}),
    Action.ENROL: frozenset({Role.ADMIN}),
    Action.ERASE: frozenset({Role.ADMIN}),
    Action.BACK_UP: frozenset({Role.ADMIN}),
}
"""The roles of which one is needed for an action."""
OF_A_SESSION = frozenset(
    {Action.READ_RECEIPT, Action.LIST_SESSIONS, Action.EXPORT, Action.SEE_READINGS, Action.HOLD, Action.ERASE}
)
"""Actions that show something of a session, or decide what becomes of it, so that it matters whose it is."""
CONSOLE_ID = "console"
CONSOLE = Person(CONSOLE_ID, frozenset(Role), CONSOLE_ID, "", Reach.ALL)
"""Whoever can run commands on the machine that holds the database already holds the database."""


def may(person: Person, action: Action, *, about: About | None = None) -> bool:
    """Say whether somebody may do something; `about` is whose session it concerns.

    A receipt opens only for its owner or a lead (decision 11). A lead reads the sessions of their own setting, or of all
    where that was granted; what is about staff only where it is surely of another setting than theirs (hard rule H17). The
    same bounds hold for holding, releasing and erasing: nobody lets go of what was said about their own colleagues.
    """
    if about is not None and action is Action.READ_RECEIPT and about.owner is not None and about.owner == person.id:
        return True
    if not NEEDS[action] & person.roles:
        return False
    if about is None or action not in OF_A_SESSION or person == CONSOLE:
        return True
    if about.restricted:
        return bool(person.reach is Reach.ALL and person.setting and about.setting and about.setting != person.setting)
    return person.reach is Reach.ALL or bool(person.setting and about.setting == person.setting)
