"""The identifier guard: finds what could identify somebody in free text, so that it is never kept or repeated.

Numbers are found by their form and, where they have one, their check digit. Names are found by simple means: after a
title, or after words such as "called". It misses some and it is wrong about some; it is a second line, behind the
rule that typed words are not stored at all (hard rule H23).
"""

from __future__ import annotations

import re
from enum import StrEnum

MAX_CHARS = 4000


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


_PATTERNS: tuple[tuple[Identifier, re.Pattern[str]], ...] = (
    (Identifier.EMAIL, re.compile(r"\b[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63})+\b")),
    (
        Identifier.HANDLE,
        re.compile(
            r"(?<![\w.])@[A-Za-z]\w{2,31}\b|\b(?:insta(?:gram)?|snap(?:chat)?|tiktok)\s*(?:is|:|name)\s*(?=\S*[\d_.@])\S{3,}",
            re.IGNORECASE,
        ),
    ),
    (
        Identifier.POSTCODE,
        re.compile(
            r"\b(?:GIR ?0AA|[A-PR-UWYZ](?:\d{1,2}|[A-HK-Y]\d{1,2}|\d[A-HJKPS-UW]|[A-HK-Y]\d[ABEHMNPRV-Y])\s?\d[ABD-HJLNP-UW-Z]{2})\b",
            re.IGNORECASE,
        ),
    ),
    (
        Identifier.PHONE,
        re.compile(
            r"(?<![\d+])(?:\+|00)44[\s()-]?(?:\(0\))?(?:[\s()-]?\d){9,10}(?!\d)|(?<!\d)\(?0(?:[\s()-]{0,2}\d){9,10}(?!\d)"
        ),
    ),
    (
        Identifier.BIRTH_DATE,
        re.compile(
            r"\b(?:d\.?o\.?b\.?|born(?:\s+on)?|date of birth)\W{0,4}\d{1,2}"
            r"|\b(?:0?[1-9]|[12]\d|3[01])[./-](?:0?[1-9]|1[0-2])[./-](?:19|20)?\d{2}\b"
            r"|\bborn\s+(?:on\s+)?(?:the\s+)?\d{1,2}(?:st|nd|rd|th)?\s+(?:of\s+)?[A-Za-z]{3,9}\b",
            re.IGNORECASE,
        ),
    ),
    (
        Identifier.ADDRESS,
        re.compile(
            r"\b(?!(?:999|101|111)\b)\d{1,4}[a-z]?,?\s+(?:[A-Z][A-Za-z'-]+\s+){1,3}(?i:street|st|road|rd|avenue|ave|lane|close|drive|"
            r"crescent|terrace|way|court|place|gardens|grove|square|hill|row)\b"
            # Typed in small letters, the words between must not be those of an ordinary sentence.
            r"|\b(?!(?:999|101|111)\b)\d{1,4}[a-z]?,?\s+(?!(?:[\w'-]+\s+){0,2}(?:the|a|an|in|on|of|and|or|down|up|at|to|by|from|this|that|my|our|"
            r"their|her|his|near|is|are|was|minutes?|hours?|days?|weeks?|months?|years?|times|children|kids|bruises?|marks?)\s)"
            r"(?:[a-z'-]+\s+){1,2}(?:street|road|avenue|lane|close|drive|crescent|terrace|gardens|grove|square)\b"
        ),
    ),
    (
        Identifier.NAME,
        re.compile(
            r"\b(?:[Mm]r|[Mm]rs|[Mm]s|[Mm]iss|[Mm]aster|[Dd]r)\.?\s+[A-Z][a-z'-]+"
            r"|\b(?:called|named|name\s+is|name's|name:)\s+(?:is\s+)?(?!Social|Children|Police|Mum|Dad|Nan|Gran|Grand|School|Nursery|"
            r"Health|Council|Ofsted|Childline|The|My|Our|Her|His|Their|In|Out|Me|Us|Back)[A-Z][a-z'-]+"
            r"|\b(?:[Tt]his is|[Cc]hild|[Pp]upil|[Bb]oy|[Gg]irl|[Bb]aby|[Ss]on|[Dd]aughter|[Bb]rother|[Ss]ister|[Mm]um|[Dd]ad|[Pp]artner|[Bb]oyfriend|[Ss]tepdad),?\s+"
            r"(?!Monday|Tuesday|Wednesday|Thursday|Friday|Saturday|Sunday|January|February|March|April|May|June|July|August|September|October|November|December"
            r"|Social|Children|School|Nursery|Police|Health|Year|Reception|Polish|English|Christmas|Easter|God)[A-Z][a-z'-]{2,}\b"
        ),
    ),
)
_NHS = re.compile(r"(?<!\d)\d{3}[ -]?\d{3}[ -]?\d{4}(?!\d)")
_PUPIL = re.compile(r"\b([A-Z])(\d{11}[\dA-Z])\b", re.IGNORECASE)
_PUPIL_LETTERS = "ABCDEFGHJKLMNPQRTUVWXYZ"


def identifiers(text: str) -> tuple[Identifier, ...]:
    """Return the kinds of identifier found in the first part of a text, in the order of the list, each once."""
    text = text[:MAX_CHARS]
    found = {kind for kind, pattern in _PATTERNS if pattern.search(text)}
    if any(is_nhs_number(match[0]) for match in _NHS.finditer(text)):
        found.add(Identifier.NHS_NUMBER)
    if any(is_pupil_number(match[0]) for match in _PUPIL.finditer(text)):
        found.add(Identifier.PUPIL_NUMBER)
    return tuple(kind for kind in Identifier if kind in found)


def without_identifiers(text: str) -> str:
    """Return the first part of a text less what could identify somebody, as far as it is found."""
    text = text[:MAX_CHARS]
    for _, pattern in _PATTERNS:
        # To the end of the word: of a date of birth, the day alone may have been enough to find it.
        text = re.sub(rf"(?:{pattern.pattern})\S*", " ", text, flags=pattern.flags)
    text = _NHS.sub(lambda match: " " if is_nhs_number(match[0]) else match[0], text)
    return _PUPIL.sub(lambda match: " " if is_pupil_number(match[0]) else match[0], text)


def is_nhs_number(text: str) -> bool:
    """Say whether ten digits are an NHS number, by the check digit (weights 10 to 2, modulus 11)."""
    digits = [int(letter) for letter in text if letter.isdigit()]
    if len(digits) != 10:  # noqa: PLR2004 - an NHS number has ten digits
        return False
    check = 11 - sum(weight * digit for weight, digit in zip(range(10, 1, -1), digits, strict=False)) % 11
    return check % 11 == digits[9] and check != 10  # noqa: PLR2004 - a check of ten is never given out


def is_pupil_number(text: str) -> bool:
    """Say whether thirteen signs are a unique pupil number, by the check letter in front (modulus 23)."""
    text = text.upper()
    if len(text) != 13 or not text[1:12].isdigit():  # noqa: PLR2004 - a pupil number has thirteen signs
        return False
    last = text[12]
    values = [int(digit) for digit in text[1:12]]
    values.append(int(last) if last.isdigit() else _PUPIL_LETTERS.find(last))
    total = sum(weight * value for weight, value in zip(range(2, 14), values, strict=True))
    return _PUPIL_LETTERS[total % 23] == text[0]
