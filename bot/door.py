"""The door: who somebody is here, whether they are let in, and how much they may send.

Every service asks it before anything is said. Whoever may not come in is told so, with 999 and whom to turn to, and
nothing of what they sent is read further.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

from bot.access import CONSOLE_ID, Action, Person, Reach, Role, may
from bot.advice_log.members import Grant, code_in, invite, is_invitation, member_of, members, redeem, written
from bot.clock import stamp
from bot.wire import command_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from bot.advice_log import AdviceLog

ENROL, START, LINK = "enrol", "start", "in_"
"""The command before a code, and what stands before it in a link."""
PER_MINUTE = 60
"""Messages and taps that one person may send in a minute; more than anybody needs, marking a list of prompts."""
LONGEST_SETTING = 60
"""Letters of a setting, or of what a member is called."""
REMEMBERED = 10_000
"""People whose pace is remembered at once."""
DAYS = 7
"""For how long an invitation holds, unless its maker says otherwise."""


class Refusal(StrEnum):
    """The lines that are said at the door."""

    NOT_ENROLLED = "not_enrolled"
    CODE_UNKNOWN = "code_unknown"
    TOO_FAST = "too_fast"


class Welcome(StrEnum):
    """The lines before the greeting."""

    LET_IN = "let_in"
    ALREADY_IN = "already_in"


@dataclass(frozen=True, slots=True)
class Rules:
    """On what terms people are let in."""

    is_open: bool = True
    """Anybody may come in, and not only those who were invited."""
    per_minute: int = 0
    """How much one person may send in a minute; 0 for no limit."""


class Door:
    """Lets people in: everybody where it is open, else those who were invited or put on the list."""

    def __init__(
        self, log: AdviceLog, rules: Rules | None = None, clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self.log, self.clock = log, clock
        self.is_open, self.per_minute = (rules or Rules()).is_open, (rules or Rules()).per_minute
        self._pace: OrderedDict[str, tuple[float, datetime]] = OrderedDict()

    def person(self, pseudonym: str) -> Person:
        """Return somebody with what they may do here; a stranger may converse where the door is open, and nothing else."""
        member = member_of(self.log, pseudonym)
        if member is None:
            return Person(pseudonym, frozenset({Role.PRACTITIONER}) if self.is_open else frozenset())
        grant = member.grant
        roles = frozenset(Role(role) for role in grant.roles)
        return Person(pseudonym, roles, member.id, grant.setting, Reach(grant.reach))

    def meet(self, person: Person, text: str = "") -> Refusal | Welcome | None:
        """Say what to answer before anything else: None lets what was sent through to the desk.

        `text` is what was typed, empty for a press. An invitation that is used is kept before this returns.
        Raises StoreError when it could not be kept.
        """
        if self._too_fast(person.id):
            return Refusal.TOO_FAST
        code = invitation_in(text)
        if code and is_invitation(self.log, code):
            with self.log.transaction():
                member = redeem(self.log, code, person.id, at=stamp(self.clock()))
            if member is not None:
                return Welcome.ALREADY_IN if self.person(person.id) == person else Welcome.LET_IN
            return Welcome.ALREADY_IN if may(person, Action.CONVERSE) else Refusal.CODE_UNKNOWN
        if may(person, Action.CONVERSE):
            # Ten letters may also be words: "new partner". Only what can be nothing else is answered as a code.
            return Welcome.ALREADY_IN if code and command_of(text) is not None else None
        return Refusal.CODE_UNKNOWN if code else Refusal.NOT_ENROLLED

    def notice(self) -> str:
        """Say for the log of a service who is let in, and what that means."""
        if self.is_open:
            return (
                "Open: anybody who finds this may use it. No lead can tell whose conversations are of their own setting, "
                "so a lead with the reach 'own' reads none of strangers'."
            )
        count = sum(bool(member.grant.roles) for member in members(self.log))
        if not count:
            return (
                "Nobody is let in yet: make an invitation with 'thinkchild people invite', or start with --access open."
            )
        return f"Let in are the {count} who were invited or put on the list."

    def invite(self, grant: Grant, *, made_by: str = CONSOLE_ID, days: int = DAYS, uses: int = 1) -> tuple[str, str]:
        """Make an invitation; returns its code, in two groups, and until when it holds (UTC, as kept)."""
        now = self.clock()
        expires = stamp(now + timedelta(days=days))
        with self.log.transaction():
            code = invite(self.log, grant, made_by=made_by, expires_at=expires, uses=uses, at=stamp(now))
        return written(code), expires

    def _too_fast(self, pseudonym: str) -> bool:
        """Count one thing sent; a full minute's worth may come at once, and then as much as a minute allows."""
        if not self.per_minute:
            return False
        now = self.clock()
        left, last = self._pace.pop(pseudonym, (float(self.per_minute), now))
        left = min(float(self.per_minute), left + max(0.0, (now - last).total_seconds()) * self.per_minute / 60)
        enough = left >= 1
        self._pace[pseudonym] = (left - 1 if enough else left, now)
        while len(self._pace) > REMEMBERED:
            self._pace.popitem(last=False)
        return not enough


def invitation_in(text: str) -> str:
    """Return the code of an invitation in what was typed: by itself, behind /enrol, or in a link."""
    name, _, rest = command_of(text) or ("", "", text)
    if name == START:
        return code_in(rest[len(LINK) :]) if rest.startswith(LINK) else ""
    return code_in(rest) if name in ("", ENROL) else ""


def link_payload(code: str) -> str:
    """Return what stands in a link that lets somebody in."""
    return LINK + code_in(code)
