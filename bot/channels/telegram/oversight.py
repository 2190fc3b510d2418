"""What leads and admins do from their phones: invite, see who is let in, shut out, list conversations, read one.

Each command asks first whether its sender may; whatever it shows of anybody's conversation is noted in the record before it
is sent.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.access import About, Action, Reach, Role, may
from bot.advice_log import receipt, sessions
from bot.advice_log.choosing import session_of
from bot.advice_log.members import Grant, enrol, facts_of, member_by_id, members
from bot.advice_log.reads import note_read
from bot.channels.telegram.incoming import Kind
from bot.channels.telegram.layout import leaves_room, line_message, split
from bot.clock import read, shown, stamp
from bot.door import LONGEST_SETTING, link_payload
from bot.pages import receipt_page
from bot.wire import command_of

if TYPE_CHECKING:
    from bot.access import Person
    from bot.channels.telegram.incoming import Incoming
    from bot.channels.telegram.sending import Sender
    from bot.session import Desk

NEEDS = {
    "invite": Action.ENROL,
    "members": Action.SEE_MEMBERS,
    "shut_out": Action.ENROL,
    "sessions": Action.LIST_SESSIONS,
    "read": Action.READ_RECEIPT,
}
"""What each command needs."""
LISTED = 15
"""Conversations in one list: it has to fit a phone."""
LOOKED_AT = 300
"""The latest conversations among which those are looked for that may be read."""


class Oversight:
    """Answers the commands of leads and admins."""

    def __init__(self, desk: Desk, sender: Sender, username: str) -> None:
        self.desk, self.log, self.sender, self.username = desk, desk.log, sender, username

    async def take(self, incoming: Incoming, person: Person) -> bool:
        """Take a command that is ours; says whether it was one. Raises StoreError when it could not be kept or noted."""
        name, _, rest = command_of(incoming.text) or ("", "", "")
        if incoming.kind is not Kind.TEXT or name not in NEEDS:
            return False
        if not may(person, NEEDS[name]):
            said = self._line("no_such_role")
        elif name == "invite":
            said = self._invite(person, rest)
        elif name == "members":
            said = self._line("members_listed", answers=self._members())
        elif name == "shut_out":
            said = self._shut_out(person, rest)
        elif name == "sessions":
            said = self._sessions(person)
        else:
            return await self._read(incoming, person, rest)
        # A list of members can be longer than one message.
        for part in split(said, lambda text: leaves_room(line_message(text).html)):
            await self.sender.send(incoming.chat, line_message(part))
        return True

    # --- who is let in ----------------------------------------------------------------------------------

    def _invite(self, person: Person, rest: str) -> str:
        role, _, setting = rest.strip().partition(" ")
        setting = " ".join(setting.split())
        if (
            role.lower() not in set(Role)
            or len(setting) > LONGEST_SETTING
            or (role.lower() == Role.LEAD and not setting)
        ):
            return self._line("invite_how")
        code, until = self.desk.door.invite(Grant((role.lower(),), setting), made_by=person.member)
        ways = f"{code} or opens https://t.me/{self.username}?start={link_payload(code)}"
        return self._line("invitation", title=role.lower(), answers=ways, time=shown(read(until)))

    def _members(self) -> str:
        lines = [
            " · ".join(
                filter(None, (one.id, one.grant.name, " and ".join(one.grant.roles) or "shut out", one.grant.setting))
            )
            for one in members(self.log)
        ]
        return "\n" + "\n".join(lines)

    def _shut_out(self, person: Person, rest: str) -> str:
        member = member_by_id(self.log, rest)
        if member is None:
            return self._line("member_unknown")
        grant = Grant((), member.grant.setting, Reach.OWN, member.grant.name)
        with self.log.transaction():
            enrol(self.log, member.person, grant, made_by=person.member, at=stamp(self.desk.clock()))
        return self._line("shut_out", title=member.id)

    # --- what was said ----------------------------------------------------------------------------------

    def _about(self, session: str) -> About:
        return About(*facts_of(self.log, session, self.desk.library.restricted))

    def _sessions(self, person: Person) -> str:
        shown_ones = []
        for one in sessions(self.log, limit=LOOKED_AT):
            session = session_of(self.log, one.receipt) or ""
            if may(person, Action.LIST_SESSIONS, about=self._about(session)):
                about = ", ".join(filter(None, ("999 card" if one.alarm else "", one.flows))) or "came back"
                shown_ones.append(f"{one.receipt} · {shown(read(one.last_at))} · {about} · {one.urgency or '-'}")
            if len(shown_ones) == LISTED:
                break
        note_read(self.log, person.member, "list", "", f"{len(shown_ones)} sessions", stamp(self.desk.clock()))
        return (
            self._line("sessions_listed", answers="\n" + "\n".join(shown_ones))
            if shown_ones
            else self._line("sessions_none")
        )

    async def _read(self, incoming: Incoming, person: Person, code: str) -> bool:
        """Send a receipt as a page; one that may not be read is answered like one that is not there."""
        session = session_of(self.log, code)
        allowed = session is not None and may(person, Action.READ_RECEIPT, about=self._about(session))
        page = receipt_page(self.log, code) if allowed else None
        held = receipt(self.log, code) if allowed else None
        if held is None or page is None:
            await self.sender.send(incoming.chat, line_message(self._line("not_yours_to_read")))
            return True
        note_read(self.log, person.member, "receipt", held.session, "telegram", stamp(self.desk.clock()))
        caption = self._line("read_caption", receipt=held.receipt)
        await self.sender.document(incoming.chat, f"receipt-{held.receipt}.html", page.encode(), caption)
        return True

    def _line(self, line_id: str, **values: str) -> str:
        return self.desk.line_text(line_id, **values)
