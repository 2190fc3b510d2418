"""Who may do what."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import pytest

from bot.access import CONSOLE, NEEDS, OF_A_SESSION, About, Action, Person, Reach, Role, may

PRACTITIONER = Person("somebody")
NOBODY = Person("nobody", frozenset())
LEAD = Person("lead", frozenset({Role.LEAD}), "m-1", "Oak School")
WIDE = Person("wide", frozenset({Role.LEAD}), "m-2", "Council", Reach.ALL)
EVERY_LEAD, EVERY_WIDE = (replace(one, roles=frozenset({Role.LEAD, Role.ADMIN})) for one in (LEAD, WIDE))
"""Who may do every action of a session, as far as roles go."""
ADMIN = Person("admin", frozenset({Role.ADMIN}), "m-3", "Oak School", Reach.ALL)
TRAINER = Person("trainer", frozenset({Role.TRAINER}), "m-4")
ALLOWED = {
    PRACTITIONER: {"converse"},
    NOBODY: set[str](),
    TRAINER: {"converse", "lead_exercises"},
    LEAD: {"converse", "read_receipt", "list_sessions", "export", "verify", "hold", "see_readings"},
    ADMIN: {"converse", "verify", "hold", "see_readings", "see_members", "enrol", "erase", "back_up"},
    CONSOLE: set(Action),
}


@pytest.mark.parametrize("action", Action)
@pytest.mark.parametrize("person", ALLOWED, ids=lambda person: person.id)
def test_each_may_do_what_their_roles_allow(person: Person, action: Action) -> None:
    """Everybody let in may converse, a trainer start exercises, a lead read, an admin enrol and erase but not read."""
    assert may(person, action) == (action in ALLOWED[person])


def test_a_receipt_opens_for_its_owner() -> None:
    """A receipt opens for whoever owns it, whatever their roles and whatever it is about, and for no other practitioner."""
    for person, restricted in product((PRACTITIONER, NOBODY, TRAINER, ADMIN), (True, False)):
        assert may(person, Action.READ_RECEIPT, about=About(person.id, "", restricted))
        for owner in ("another person", "", None):
            assert not may(person, Action.READ_RECEIPT, about=About(owner, person.setting, restricted))


def test_owning_a_receipt_allows_nothing_else() -> None:
    """Whoever owns a session may read its receipt, and neither list, export nor see who read it."""
    for action in OF_A_SESSION - {Action.READ_RECEIPT}:
        assert not may(PRACTITIONER, action, about=About(PRACTITIONER.id, "Oak School"))


@pytest.mark.parametrize("action", sorted(OF_A_SESSION))
def test_a_lead_reads_the_sessions_of_their_own_setting(action: Action) -> None:
    """A lead sees, holds and (an admin, too) erases sessions of their own setting, and of no other; with a wider reach, of every one."""
    assert may(EVERY_LEAD, action, about=About("x", "Oak School"))
    assert not may(EVERY_LEAD, action, about=About("x", "Elm School"))
    assert may(EVERY_WIDE, action, about=About("x", "Elm School"))
    assert may(EVERY_WIDE, action, about=About("x", ""))


@pytest.mark.parametrize("action", sorted(OF_A_SESSION))
def test_a_lead_without_a_setting_reads_nothing_of_people_without_one(action: Action) -> None:
    """Two empty settings are not the same setting."""
    assert not may(Person("l", EVERY_LEAD.roles, "m-9"), action, about=About("x", ""))


@pytest.mark.parametrize("action", sorted(OF_A_SESSION))
def test_no_lead_reads_what_is_about_the_staff_of_their_own_setting(action: Action) -> None:
    """What is about staff opens to a lead of all settings who surely belongs to another one, and to no other lead (H17)."""
    own = Person("own", EVERY_LEAD.roles, "m-5", "Elm School", Reach.ALL)
    nowhere = Person("nowhere", EVERY_LEAD.roles, "m-6", "", Reach.ALL)
    staff = About("x", "Elm School", restricted=True)
    assert may(EVERY_WIDE, action, about=staff)
    assert not may(own, action, about=staff)
    assert not may(nowhere, action, about=staff)
    assert not may(Person("elm", EVERY_LEAD.roles, "m-7", "Elm School"), action, about=staff)
    assert not may(EVERY_WIDE, action, about=About("x", "", restricted=True)), "nobody knows whose staff it is about"
    assert may(CONSOLE, action, about=staff)


def test_every_action_says_who_may() -> None:
    """No action is without a rule, and each needs a role."""
    assert set(NEEDS) == set(Action)
    assert all(NEEDS.values())


def test_everybody_is_a_practitioner_unless_said_otherwise() -> None:
    """A person made without roles may converse, and that is all."""
    assert PRACTITIONER.roles == {Role.PRACTITIONER}
    assert [action for action in Action if may(PRACTITIONER, action)] == [Action.CONVERSE]
