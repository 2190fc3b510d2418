"""What the guard looks for."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Identifier(StrEnum):
    """A kind of thing that could identify somebody."""

    NAME = "name"
    BIRTH_DATE = "date of birth"
    PHONE = "phone number"
    EMAIL = "e-mail address"
    POSTCODE = "postcode"
    ADDRESS = "address"
    NHS_NUMBER = "NHS number"
    PUPIL_NUMBER = "pupil number"
    HANDLE = "social-media name"


@dataclass(frozen=True, slots=True, order=True)
class Found:
    """An identifier, from the sign it starts with to the one after its last."""

    start: int
    end: int
    kind: Identifier
