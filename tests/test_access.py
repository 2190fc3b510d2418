"""Who may do what."""

from __future__ import annotations

import pytest

from bot.access import CONSOLE, LEAD_ACTIONS, Action, Person, Role, may

PRACTITIONER = Person("somebody")
LEAD = Person("lead", frozenset({Role.LEAD}))
BOTH = Person("both", frozenset(Role))
TRAINER = Person("trainer", frozenset({Role.TRAINER}))
NEEDED = {Action.CONVERSE: Role.PRACTITIONER, Action.LEAD_EXERCISES: Role.TRAINER}
"""The role that an action needs; all others need a lead."""
NOBODY = Person("nobody", frozenset())


@pytest.mark.parametrize("action", Action)
@pytest.mark.parametrize("person", [PRACTITIONER, LEAD, TRAINER, BOTH, NOBODY, CONSOLE], ids=lambda person: person.id)
def test_each_may_do_what_their_roles_allow(person: Person, action: Action) -> None:
    """A practitioner may converse, a trainer start exercises, a lead read, list, export and verify; without a role, nothing."""
    allowed = NEEDED.get(action, Role.LEAD) in person.roles
    assert may(person, action) == allowed
    assert may(person, action, owner="another person") == allowed


def test_a_receipt_opens_for_its_owner() -> None:
    """A receipt opens for whoever owns it, whatever their roles, and for nobody else without the role of a lead."""
    for person in (PRACTITIONER, NOBODY):
        assert may(person, Action.READ_RECEIPT, owner=person.id)
        assert not may(person, Action.READ_RECEIPT, owner="another person")
        assert not may(person, Action.READ_RECEIPT, owner="")
        assert not may(person, Action.READ_RECEIPT, owner=None)


def test_owning_a_receipt_allows_nothing_else() -> None:
    """Whoever owns a record may read its receipt, and neither list, export nor verify."""
    for action in LEAD_ACTIONS - {Action.READ_RECEIPT}:
        assert not may(PRACTITIONER, action, owner=PRACTITIONER.id)


def test_everybody_is_a_practitioner_unless_said_otherwise() -> None:
    """A person made without roles may converse, and that is all."""
    assert PRACTITIONER.roles == {Role.PRACTITIONER}
    assert [action for action in Action if may(PRACTITIONER, action)] == [Action.CONVERSE]
