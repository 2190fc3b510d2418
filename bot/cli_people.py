"""Commands for whoever runs an installation: who is let in, and as what: `thinkchild people ...`."""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click

from bot.access import CONSOLE_ID, Reach, Role
from bot.cli_shared import Commands, db_option, default_db
from bot.errors import SetupError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from bot.advice_log import AdviceLog
    from bot.advice_log.members import Grant, Member

MOST_USES, MOST_DAYS = 500, 365
CHANNELS = ("telegram", "rest", "rasa")


@click.group(cls=Commands)
def people() -> None:
    """Say who may use this assistant, and as what."""


def grant_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add what is granted to a command."""
    for option in (
        click.option("--name", default="", help="What you call them, for your own list; no need for a real name."),
        click.option(
            "--reach",
            type=click.Choice([str(reach) for reach in Reach]),
            default=str(Reach.OWN),
            show_default=True,
            help="For a lead: whose conversations they may read, of their own setting or of all.",
        ),
        click.option("--setting", default="", help="The school, team or service they belong to, as you call it."),
        click.option(
            "--role",
            "roles",
            multiple=True,
            type=click.Choice([str(role) for role in Role]),
            default=(str(Role.PRACTITIONER),),
            show_default=True,
            help="May be given several times.",
        ),
    ):
        command = option(command)
    return command


@people.command("invite")
@db_option
@grant_options
@click.option("--uses", type=click.IntRange(1, MOST_USES), default=1, show_default=True, help="How many may use it.")
@click.option("--days", type=click.IntRange(1, MOST_DAYS), default=7, show_default=True, help="How long it holds.")
@click.option("--bot", default="", help="The name of your bot on Telegram, for a link that lets them in at a tap.")
def invite(
    db: Path | None, roles: tuple[str, ...], setting: str, reach: str, name: str, uses: int, days: int, bot: str
) -> None:
    """Make an invitation: a code, and a link for Telegram, to give to whoever it is for."""
    from bot.clock import read, shown  # noqa: PLC0415 - commands load only what they need
    from bot.door import Door, link_payload  # noqa: PLC0415

    grant = _grant(roles, setting, reach, name)
    if uses > 1 and {Role.LEAD, Role.ADMIN} & set(grant.roles):
        raise SetupError("An invitation as lead or admin works once: make one for each of them, without --uses.")
    with closing(_record(db)) as log:
        code, until = Door(log).invite(grant, days=days, uses=uses)
    times = "once" if uses == 1 else f"{uses} times"
    click.echo(f"{code}  as {' and '.join(grant.roles)}, works {times}, until {shown(read(until))}.")
    click.echo("They send it to the assistant as it is. It is shown this once, and kept only as a hash.")
    if bot:
        click.echo(f"Or they open: https://t.me/{bot.lstrip('@')}?start={link_payload(code)}")


@people.command("allow")
@db_option
@grant_options
@click.option("--channel", type=click.Choice(CHANNELS), default="telegram", show_default=True)
@click.argument("ids", nargs=-1, required=True)
def allow(
    db: Path | None, roles: tuple[str, ...], setting: str, reach: str, name: str, channel: str, ids: tuple[str, ...]
) -> None:
    """Let people in by their number on Telegram, or their sender name in another app; nobody has to send a code."""
    grant = _grant(roles, setting, reach, name)
    wrong = [one for one in ids if channel == "telegram" and not (one.isascii() and one.isdecimal())]
    if wrong:
        raise SetupError(f"'{wrong[0]}' is not a Telegram number: give digits, as @userinfobot on Telegram shows them.")
    with closing(_record(db)) as log:
        for one in ids:
            member = _enrol(log, log.person(channel, one), grant)
            click.echo(f"{member.id}  {_described(member.grant)}")


@people.command("list")
@db_option
def list_people(db: Path | None) -> None:
    """List who is let in: number, name, roles, setting, since when; and the invitations that can still be used."""
    from bot.advice_log.members import invitations, members  # noqa: PLC0415
    from bot.clock import read, shown, stamp  # noqa: PLC0415

    with closing(_record(db)) as log:
        found, invited = members(log), invitations(log, stamp(datetime.now(UTC)))
    if not found:
        click.echo("Nobody is let in yet: make an invitation with 'thinkchild people invite'.")
    for one in found:
        click.echo(f"{one.id}  {_described(one.grant)}  since {shown(read(one.since))}")
    for invitation in invited:
        until = shown(read(invitation.expires_at))
        click.echo(
            f"{invitation.id}  invitation as {_described(invitation.grant)}  for {invitation.uses} more, until {until}, "
            f"made by {invitation.made_by}"
        )


@people.command("withdraw")
@db_option
@click.argument("invitation")
def withdraw(db: Path | None, invitation: str) -> None:
    """Take back an invitation, by its code or its number in the list; whoever came in by it stays in."""
    from bot.advice_log.members import withdraw as take_back  # noqa: PLC0415
    from bot.clock import stamp  # noqa: PLC0415

    with closing(_record(db)) as log, log.transaction():
        found = take_back(log, invitation, made_by=CONSOLE_ID, at=stamp(datetime.now(UTC)))
    if found is None:
        raise SetupError("There is no such invitation that could still be used: see 'thinkchild people list'.")
    click.echo(f"{found.id} is taken back. Whoever came in by it stays in: 'thinkchild people shut-out' ends that.")


@people.command("change")
@db_option
@grant_options
@click.argument("member")
def change(db: Path | None, member: str, roles: tuple[str, ...], setting: str, reach: str, name: str) -> None:
    """Change what a member may do: roles, setting, reach and name are from now on as given here."""
    grant = _grant(roles, setting, reach, name)
    with closing(_record(db)) as log:
        changed = _enrol(log, _member(log, member).person, grant)
    click.echo(f"{changed.id}  {_described(changed.grant)}")


@people.command("shut-out")
@db_option
@click.argument("member")
def shut_out(db: Path | None, member: str) -> None:
    """Let a member in no more; what they were advised stays on record."""
    from bot.advice_log.members import Grant  # noqa: PLC0415

    with closing(_record(db)) as log:
        known = _member(log, member)
        _enrol(log, known.person, Grant((), known.grant.setting, str(Reach.OWN), known.grant.name))
    click.echo(f"{known.id} is shut out. What they were advised stays on record: see 'thinkchild log erase'.")


def _record(db: Path | None) -> AdviceLog:
    from bot.advice_log import AdviceLog  # noqa: PLC0415

    return AdviceLog.open(db or default_db())


def _grant(roles: tuple[str, ...], setting: str, reach: str, name: str) -> Grant:
    """Return what is granted; raises SetupError where a lead would belong nowhere."""
    from bot.advice_log.members import Grant  # noqa: PLC0415
    from bot.door import LONGEST_SETTING  # noqa: PLC0415

    setting, name = " ".join(setting.split()), " ".join(name.split())
    if max(len(setting), len(name)) > LONGEST_SETTING:
        raise SetupError(f"A setting or name may be {LONGEST_SETTING} characters long: shorten it.")
    if Role.LEAD in roles and not setting:
        raise SetupError(
            "A lead belongs to a setting, so that nobody reads what is about their own staff: give --setting."
        )
    return Grant(tuple(dict.fromkeys(roles)), setting, reach, name)


def _enrol(log: AdviceLog, person: str, grant: Grant) -> Member:
    from bot.advice_log.members import enrol  # noqa: PLC0415
    from bot.clock import stamp  # noqa: PLC0415

    with log.transaction():
        return enrol(log, person, grant, made_by=CONSOLE_ID, at=stamp(datetime.now(UTC)))


def _member(log: AdviceLog, typed: str) -> Member:
    from bot.advice_log.members import member_by_id  # noqa: PLC0415

    found = member_by_id(log, typed)
    if found is None:
        raise SetupError(f"There is no member '{typed}': see 'thinkchild people list'.")
    return found


def _described(grant: Grant) -> str:
    named = ", ".join(filter(None, (grant.name, grant.setting)))
    reach = " (reads all settings)" if Role.LEAD in grant.roles and grant.reach == Reach.ALL else ""
    return f"{' and '.join(grant.roles) or 'shut out'}{reach}{f'  {named}' if named else ''}"
