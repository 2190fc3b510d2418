"""Reading the record from the command line: who reads, and noting that they did."""

from __future__ import annotations

import functools
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click

from bot.access import CONSOLE, CONSOLE_ID, NEEDS, About, Action, Person, Reach, Role, may
from bot.cli_shared import read_log, says_when_damaged
from bot.errors import SetupError, StoreError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from bot.advice_log import AdviceLog

AS = "thinkchild.read_as"
"""Where a command finds who reads."""


def as_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add `--as` to the group of commands."""
    return click.option(
        "--as",
        "member",
        envvar="THINKCHILD_AS",
        default="",
        metavar="MEMBER",
        help="Read as this member ('thinkchild people list'): only what they may see, and noted in their name.",
    )(command)


def become(member: str) -> None:
    """Note for this command who reads."""
    click.get_current_context().meta[AS] = member


def reader() -> str:
    """Return who reads: a member, or whoever can run commands on the machine that holds the record."""
    return str(click.get_current_context().meta.get(AS, "")).strip().lower() or CONSOLE_ID


def admitted(log: AdviceLog, action: Action) -> Person:
    """Return who reads, with what they may do; raises SetupError when they are nobody here, or may not do this."""
    if reader() == CONSOLE_ID:
        return CONSOLE
    from bot.advice_log.members import member_by_id  # noqa: PLC0415 - commands load only what they need

    member = member_by_id(log, reader())
    if member is None:
        raise SetupError(f"There is no member '{reader()}' to read as: see 'thinkchild people list'.")
    grant = member.grant
    roles = frozenset(Role(role) for role in grant.roles)
    person = Person(member.person, roles, member.id, grant.setting, Reach(grant.reach))
    if not may(person, action):
        needed = " or ".join(sorted(NEEDS[action]))
        raise SetupError(
            f"Member {member.id} may not do that: it needs the role {needed} ('thinkchild people change')."
        )
    return person


def visible(log: AdviceLog, action: Action, sessions: Sequence[str]) -> list[str]:
    """Return those sessions that whoever reads may see, in their order."""
    person = admitted(log, action)
    if person == CONSOLE:
        return list(sessions)
    from bot.advice_log.members import facts_of  # noqa: PLC0415 - as above
    from bot.startup import library_beside  # noqa: PLC0415

    restricted = library_beside(log.path).restricted
    return [one for one in sessions if may(person, action, about=About(*facts_of(log, one, restricted)))]


def guarded(command: click.Command, action: Action) -> None:
    """Ask before a command does anything whether whoever reads may do it at all."""
    inner = command.callback
    assert inner is not None  # every command of ours does something

    @says_when_damaged
    @functools.wraps(inner)
    def run(*args: Any, **given: Any) -> Any:  # noqa: ANN401 - whatever the command takes
        if reader() != CONSOLE_ID:
            held = read_log(given.get("db"))
            try:
                admitted(held, action)
            finally:
                held.close()
        return inner(*args, **given)

    command.callback = run


def now() -> str:
    """Return this moment as it is kept."""
    from bot.clock import stamp  # noqa: PLC0415 - commands load only what they need

    return stamp(datetime.now(UTC))


def note_reading(log: AdviceLog, action: str, sessions: Sequence[str], detail: str = "") -> None:
    """Note in the record that it was read, before anything of it is shown; a copy that cannot be written says so.

    Raises StoreError where the record can be written but the reading could not be noted: then nothing is shown.
    """
    from bot.advice_log import AdviceLog  # noqa: PLC0415 - as above
    from bot.advice_log.opening import key_path  # noqa: PLC0415
    from bot.advice_log.reads import can_hold_reads, note_reads  # noqa: PLC0415

    why = ""
    if not can_hold_reads(log):
        why = "an earlier program made it"
    elif not key_path(log.path).exists():
        why = "it is a copy without its key"
    else:
        try:
            writable = AdviceLog.open(log.path)
        except (StoreError, SetupError) as error:
            if "read-only" not in str(error) and "key file" not in str(error):
                raise
            why = "it is read-only" if "read-only" in str(error) else "its key does not fit"
        else:
            try:
                note_reads(writable, reader(), action, sessions, detail, now())
            finally:
                writable.close()
    if why:
        click.echo(f"This reading is not noted in the record: {why}.", err=True)
