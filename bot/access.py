"""Who may do what: one function, asked before anything is shown or changed."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Role(StrEnum):
    """What somebody is to this installation."""

    PRACTITIONER = "practitioner"
    LEAD = "lead"
    TRAINER = "trainer"
    ADMIN = "admin"


class Action(StrEnum):
    """What somebody wants to do."""

    CONVERSE = "converse"
    READ_RECEIPT = "read_receipt"
    LIST_SESSIONS = "list_sessions"
    EXPORT = "export"
    VERIFY = "verify"
    LEAD_EXERCISES = "lead_exercises"
    """Start an exercise for a group, and send one as a file."""


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody, as a pseudonym, with the roles they have here."""

    id: str
    roles: frozenset[Role] = frozenset({Role.PRACTITIONER})


LEAD_ACTIONS = frozenset({Action.READ_RECEIPT, Action.LIST_SESSIONS, Action.EXPORT, Action.VERIFY})
CONSOLE = Person("console", frozenset(Role))
"""Whoever can run commands on the machine that holds the database already holds the database."""


def may(person: Person, action: Action, *, owner: str | None = None) -> bool:
    """Say whether somebody may do something; `owner` is whose record it concerns.

    A receipt opens only for its owner or a lead (decision 11).
    """
    if action is Action.CONVERSE:
        return Role.PRACTITIONER in person.roles
    if action is Action.LEAD_EXERCISES:
        return Role.TRAINER in person.roles
    if action is Action.READ_RECEIPT and owner is not None and owner == person.id:
        return True
    return action in LEAD_ACTIONS and Role.LEAD in person.roles
