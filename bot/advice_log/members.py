"""Who is let in here: members, invitations, and the chained account of every change.

`members` says who somebody is; like `owners` it stands beside the chain and can be erased. `enrolments` is chained: which
member got which roles, when, by whom, and no pseudonym or name. Invitations are kept as a keyed hash of their code.
"""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.advice_log.log import AdviceLog

LETTERS = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
"""No letter that is mistaken for a digit when read out over a telephone."""
CODE_LENGTH, ID_LENGTH, INVITATION_ID = 10, 4, 8
SAID_AGAIN = ("case_again", "label_known")
"""The lines that come before earlier advice, said again in another session."""
_MEMBER = "SELECT id, person, name, roles, setting, reach, since FROM members "


@dataclass(frozen=True, slots=True)
class Grant:
    """What is granted: roles, the setting somebody belongs to, whose sessions a lead may read, and what to call them."""

    roles: tuple[str, ...]
    setting: str = ""
    reach: str = "own"
    name: str = ""


@dataclass(frozen=True, slots=True)
class Member:
    """Somebody who was let in; without roles they are shut out again."""

    id: str
    person: str
    grant: Grant
    since: str


@dataclass(frozen=True, slots=True)
class Invitation:
    """An invitation that can still be used: what it grants, how often, until when, and who made it."""

    id: str
    grant: Grant
    uses: int
    expires_at: str
    made_by: str


def member_of(log: AdviceLog, person: str) -> Member | None:
    """Return what somebody is here, by their pseudonym; None if they were never let in."""
    return _member(log.connection.execute(_MEMBER + "WHERE person = ?", (person,)).fetchone())


def member_by_id(log: AdviceLog, member: str) -> Member | None:
    """Return a member by their id, however it was typed."""
    return _member(log.connection.execute(_MEMBER + "WHERE id = ?", (member.strip().lower(),)).fetchone())


def members(log: AdviceLog) -> list[Member]:
    """Return all members, who came first first."""
    rows = log.connection.execute(_MEMBER + "ORDER BY since, id").fetchall()
    return [found for row in rows if (found := _member(row)) is not None]


def enrol(log: AdviceLog, person: str, grant: Grant, *, made_by: str, at: str) -> Member:
    """Let somebody in, or change what a member may do, inside the open transaction."""
    known = member_of(log, person)
    member = known.id if known is not None else _new_id(log)
    log.connection.execute(
        "INSERT INTO members VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET name = excluded.name, "
        "roles = excluded.roles, setting = excluded.setting, reach = excluded.reach",
        (member, person, grant.name, json.dumps(grant.roles), grant.setting, grant.reach, at),
    )
    change = "enrolled" if known is None else "changed" if grant.roles else "shut_out"
    _account(log, member, change, grant, made_by, at)
    return Member(member, person, grant, known.since if known is not None else at)


def invite(log: AdviceLog, grant: Grant, *, made_by: str, expires_at: str, uses: int, at: str) -> str:
    """Make an invitation inside the open transaction; returns its code, which is kept nowhere."""
    code = "".join(secrets.choice(LETTERS) for _ in range(CODE_LENGTH))
    log.connection.execute("DELETE FROM invitations WHERE expires_at <= ? OR uses < 1", (at,))
    log.connection.execute(
        "INSERT INTO invitations VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (
            _hashed(log, code),
            json.dumps(grant.roles),
            grant.setting,
            grant.reach,
            grant.name,
            made_by,
            expires_at,
            uses,
        ),
    )
    _account(log, "", "invited", grant, made_by, at)
    return code


def redeem(log: AdviceLog, code: str, person: str, *, at: str) -> Member | None:
    """Let somebody in by the code of an invitation, inside the open transaction; None if it is none, used up or too old.

    Somebody who was shut out needs an invitation as anybody does. A member of the same setting keeps what they have and
    gets what it grants besides, without a use of it where that is nothing new; in another setting they have what it grants.
    """
    key = _hashed(log, code)
    row = log.connection.execute(
        "SELECT roles, setting, reach, name FROM invitations WHERE code_digest = ? AND expires_at > ? AND uses > 0",
        (key, at),
    ).fetchone()
    if row is None:
        return None
    roles, setting, reach, name = row
    grant, known = Grant(tuple(json.loads(roles)), setting, reach, name), member_of(log, person)
    if known is not None and known.grant.roles and known.grant.setting == setting:
        both = tuple(dict.fromkeys((*known.grant.roles, *grant.roles)))
        wider = known.grant.reach if known.grant.reach != "own" else reach
        grant = Grant(both, setting, wider, known.grant.name or name)
        if grant == known.grant:
            return known
    log.connection.execute("UPDATE invitations SET uses = uses - 1 WHERE code_digest = ?", (key,))
    return enrol(log, person, grant, made_by="invitation", at=at)


def invitations(log: AdviceLog, at: str) -> list[Invitation]:
    """Return the invitations that can still be used, the one that ends first first; their codes are kept nowhere."""
    rows = log.connection.execute(
        "SELECT code_digest, roles, setting, reach, name, uses, expires_at, made_by FROM invitations "
        "WHERE expires_at > ? AND uses > 0 ORDER BY expires_at, code_digest",
        (at,),
    ).fetchall()
    return [
        Invitation(_invitation_id(key), Grant(tuple(json.loads(roles)), setting, reach, name), uses, until, made_by)
        for key, roles, setting, reach, name, uses, until, made_by in rows
    ]


def withdraw(log: AdviceLog, typed: str, *, made_by: str, at: str) -> Invitation | None:
    """Take an invitation back inside the open transaction, by its code or its id; None if none that can be used is meant.

    Whoever came in by it stays in.
    """
    wanted = _invitation_id(_hashed(log, code)) if (code := code_in(typed)) else typed.strip().lower()
    found = next((one for one in invitations(log, at) if one.id == wanted), None)
    if found is not None:
        log.connection.execute(
            "DELETE FROM invitations WHERE substr(code_digest, 1, ?) = ?", (INVITATION_ID, wanted.removeprefix("i-"))
        )
        _account(log, "", "withdrawn", found.grant, made_by, at)
    return found


def is_invitation(log: AdviceLog, code: str) -> bool:
    """Say whether a code is that of an invitation, used up or not."""
    found = log.connection.execute("SELECT 1 FROM invitations WHERE code_digest = ?", (_hashed(log, code),))
    return found.fetchone() is not None


def code_in(text: str) -> str:
    """Return the code of an invitation in its bare form, if a text is one, however it is grouped; else nothing."""
    bare = "".join(letter for letter in text.upper() if letter not in " -")
    return bare if len(bare) == CODE_LENGTH and set(bare) <= set(LETTERS) else ""


def written(code: str) -> str:
    """Write a code in two groups, to be read out."""
    return f"{code[: CODE_LENGTH // 2]}-{code[CODE_LENGTH // 2 :]}"


def facts_of(log: AdviceLog, session: str, restricted: Sequence[str]) -> tuple[str | None, str, bool]:
    """Return (owner, setting, whether a restricted flow was opened) of a session; the owner of an erased one is None.

    A session in which earlier advice was said again, to somebody who typed the label of a case, counts as restricted
    where an earlier one of theirs is: nobody reads there what they may not read in its own place.
    """
    owner = log.connection.execute("SELECT person, setting FROM owners WHERE session = ?", (session,)).fetchone()
    marks, said = ", ".join("?" * len(restricted)), ", ".join("?" * len(SAID_AGAIN))
    found = log.connection.execute(
        f"SELECT EXISTS (SELECT 1 FROM turns WHERE session = ? AND flow IN ({marks})) OR ("
        f"EXISTS (SELECT 1 FROM turns t JOIN advice a ON a.turn = t.id WHERE t.session = ? AND a.step IN ({said})) AND "
        "EXISTS (SELECT 1 FROM sessions s JOIN sessions e ON e.seq < s.seq JOIN turns t ON t.session = e.id "
        "LEFT JOIN owners x ON x.session = s.id LEFT JOIN owners o ON o.session = e.id "
        # Of an earlier one that was erased nobody knows any more whose it was: its label still says that it may be meant.
        f"WHERE s.id = ? AND (o.person = x.person OR e.label = s.label) AND t.flow IN ({marks})))",
        (session, *restricted, session, *SAID_AGAIN, session, *restricted),
    ).fetchone()
    return (owner[0] if owner else None, owner[1] if owner else "", bool(found[0]))


def _account(log: AdviceLog, member: str, change: str, grant: Grant, made_by: str, at: str) -> None:
    log.append(
        "enrolments",
        {
            "member": member,
            "change": change,
            "roles": " ".join(grant.roles),
            "setting": grant.setting,
            "reach": grant.reach,
            "made_by": made_by,
            "at": at,
        },
    )


def _hashed(log: AdviceLog, code: str) -> str:
    return log.person("invitation", code)


def _invitation_id(code_digest: str) -> str:
    """Return what an invitation is called in lists: it tells nothing of its code."""
    return f"i-{code_digest[:INVITATION_ID]}"


def _new_id(log: AdviceLog) -> str:
    while True:
        found = "m-" + "".join(secrets.choice(LETTERS) for _ in range(ID_LENGTH)).lower()
        if member_by_id(log, found) is None:
            return found


def _member(row: tuple[str, ...] | None) -> Member | None:
    if row is None:
        return None
    member, person, name, roles, setting, reach, since = row
    return Member(member, person, Grant(tuple(json.loads(roles)), setting, reach, name), since)
