"""Join codes, and the names that people choose: long enough not to be guessed, and nothing that identifies anybody."""

from __future__ import annotations

import secrets
from datetime import timedelta

from bot.guard import Identifier, identifiers

LETTERS = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
"""No letter that is mistaken for a digit when read out over a table."""
LENGTH = 8
"""Of thirty letters: 650,000,000,000 codes."""
MOST_WRONG = 5
"""Wrong codes from one person before they have to wait."""
WAIT = timedelta(minutes=15)
LONGEST_NAME = 24


def new_code() -> str:
    """Draw a code, in two halves that can be read out."""
    drawn = "".join(secrets.choice(LETTERS) for _ in range(LENGTH))
    return f"{drawn[:4]}-{drawn[4:]}"


def code_of(text: str) -> str:
    """Return a code as it is kept, however it was typed; nothing when it cannot be one."""
    letters = "".join(letter for letter in text.upper() if letter.isalnum())
    if len(letters) != LENGTH or not set(letters) <= set(LETTERS):
        return ""
    return f"{letters[:4]}-{letters[4:]}"


def name_of(text: str) -> str:
    """Return a display name with its spaces tidied; nothing when it may not be one."""
    name = " ".join(text.split())
    if not 0 < len(name) <= LONGEST_NAME or not name.isprintable() or not any(map(str.isalnum, name)):
        return ""
    # Their own first name is theirs to use here; a number or an address of theirs is not.
    return "" if set(identifiers(name)) - {Identifier.NAME} else name
