"""Telephone numbers, NHS numbers, pupil numbers and dates of birth.

Telephone numbers are judged by `phonenumbers`. The check digits are ours: the library that has them, python-stdnum, is under
the LGPL. Dates are ours too: libraries that find dates take "may", a count or a time for one.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from bot.guard.kinds import Found, Identifier

if TYPE_CHECKING:
    from collections.abc import Iterator

_GAP = r"[\s().\-/]{0,3}"
# From each place where a number can begin: "1 07700 ..." is an answer and a number.
_RUN = re.compile(rf"(?<![\w.])(?=((?:\+\d|\(?\+?[0oO]|44|7)(?:{_GAP}[\doO]){{8,15}}(?![\doO])))")
_SPOKEN_DIGIT = r"(?:zero|oh|nought|one|two|three|four|five|six|seven|eight|nine)"
_SPOKEN = re.compile(
    rf"\b(?:(?:double|triple|treble)\s)?{_SPOKEN_DIGIT}(?:[\s,-]{{1,2}}(?:(?:double|triple|treble)\s)?{_SPOKEN_DIGIT}){{6,14}}\b",
    re.IGNORECASE,
)
_LIKE_A_DATE = re.compile(
    r"(?<!\d)(?:[0-3]?\d[./\-\s][01]?\d[./\-\s](?:19|20)?\d\d|(?:19|20)\d\d[./-][01]?\d[./-][0-3]?\d)(?!\d)"
)
_FEWEST, _MOST = 10, 15
_NHS = re.compile(r"(?<![\d+])\d{3}[ .-]{0,2}\d{3}[ .-]{0,2}\d{4}(?!\d)")
_PUPIL = re.compile(r"(?<![A-Za-z0-9])[A-Z](?: ?\d){11} ?[\dA-Z](?![A-Za-z0-9])", re.IGNORECASE)
_PUPIL_LETTERS = "ABCDEFGHJKLMNPQRTUVWXYZ"

_MONTH = r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)"
_NUMERIC = r"(?:0?[1-9]|[12]\d|3[01])[./-](?:0?[1-9]|1[0-2])[./-](?:19|20)?\d{2}|(?:19|20)\d{2}[./-](?:0?[1-9]|1[0-2])[./-](?:0?[1-9]|[12]\d|3[01])"
_WRITTEN = (
    rf"(?:the\s)?\d{{1,2}}(?:st|nd|rd|th)?\s(?:of\s)?{_MONTH}|{_MONTH}\s(?:the\s)?\d{{1,2}}(?:st|nd|rd|th)?(?!\d)"
)
_BORN = r"\b(?:d\.?\s?o\.?\s?b\.?|date\sof\sbirth|birth\s?da(?:y|te)|b\.|born(?:\son)?)"
_BIRTHS = (
    re.compile(
        rf"{_BORN}(?:\s?(?:is|was|:|-|=|on))?[\s:.,=-]{{0,3}}(?:{_NUMERIC}|{_WRITTEN})(?:,?\s(?:19|20)?\d{{2}}\b)?",
        re.IGNORECASE,
    ),
    re.compile(
        r"\b(?:d\.?\s?o\.?\s?b\.?|date\sof\sbirth)(?:\s?(?:is|was|:|-))?[\s:.-]{0,3}(?:\d{6}|\d{8}|\d{1,2}[\s./-]\d{1,2}(?:[\s./-]\d{2,4})?)(?!\d)",
        re.IGNORECASE,
    ),
    re.compile(rf"\bborn\b[^.?!\n]{{0,24}}?\b(?:{_NUMERIC}|{_WRITTEN})", re.IGNORECASE),
    re.compile(rf"\bturn(?:s|ed)\s\w+\son\s(?:{_NUMERIC}|{_WRITTEN})", re.IGNORECASE),
)
_DATES = re.compile(rf"(?<![\w./-])(?:(?:{_NUMERIC})|(?:{_WRITTEN}),?\s(?:19|20)\d{{2}})(?![\w/-])", re.IGNORECASE)
# What happens on a day in the work: a meeting, a visit. Such a date is nobody's birthday.
_HAPPENED = re.compile(
    r"\b(?:on|since|from|until|till|til|by|before|after|dated?|due|seen|review(?:ed)?|meeting|mtg|visit(?:ed)?|conference|icpc|rcpc|contact|appt|appointment|hearing|w/c|week|"
    r"version|updated|published|started?|ended?|left|moved|arriv\w+|last|next|report|referr\w+|court|strategy|log|entry)\b[\s:,-]{0,2}(?:is\s|was\s|the\s|on\s|for\s|of\s|at\s)?$",
    re.IGNORECASE,
)


def numbers(text: str) -> Iterator[Found]:
    """Yield telephone, NHS and pupil numbers."""
    for match in _NHS.finditer(text):
        if is_nhs_number(match[0]):
            yield Found(*match.span(), Identifier.NHS_NUMBER)
    for match in _PUPIL.finditer(text):
        if is_pupil_number(match[0].replace(" ", "")):
            yield Found(*match.span(), Identifier.PUPIL_NUMBER)
    for match in _SPOKEN.finditer(text):
        if len(_digits_said(match[0])) >= _FEWEST:
            yield Found(*match.span(), Identifier.PHONE)
    dates = [match.span() for match in _LIKE_A_DATE.finditer(text)]
    last = 0
    for match in _RUN.finditer(text):
        start, end = match.span(1)
        if start < last or any(a <= start < b for a, b in dates) or is_nhs_number(match[1]):
            continue
        if _is_somebodys(match[1]):
            yield Found(start, end, Identifier.PHONE)
            last = end


def _digits_said(words: str) -> list[str]:
    digits: list[str] = []
    times = 1
    for word in re.split(r"[\s,-]+", words.lower()):
        if word in {"double", "triple", "treble"}:
            times = 2 if word == "double" else 3
        else:
            digits += [word] * times
            times = 1
    return digits


def _is_somebodys(run: str) -> bool:
    """Say whether a run of digits can be the number of a person or a house: no freephone or office line of a helpline."""
    import phonenumbers  # noqa: PLC0415 - loaded only when so many digits are typed

    digits = "".join("0" if sign in "oO" else sign for sign in run if sign.isdigit() or sign in "oO")
    abroad = run.startswith("+") or digits.startswith("00")
    digits = digits.removeprefix("00") if not run.startswith("+") else digits
    if not abroad and digits.startswith("44") and len(digits) >= _FEWEST + 2:
        abroad = True
    if not abroad and digits.startswith("7") and len(digits) == _FEWEST:
        digits = f"0{digits}"  # a mobile number whose nought was forgotten
    if not abroad and not (digits.startswith("0") and _FEWEST <= len(digits) <= _MOST):
        return False
    tried = [digits] if abroad else [digits, digits[:11], digits[:10]]  # a count or a time may follow
    for one in tried:
        try:
            number = phonenumbers.parse(f"+{one}" if abroad else one, None if abroad else "GB")
        except phonenumbers.NumberParseException:
            continue
        if phonenumbers.is_possible_number(number):
            kinds = phonenumbers.PhoneNumberType
            lines = {kinds.TOLL_FREE, kinds.UAN, kinds.SHARED_COST, kinds.PREMIUM_RATE}
            return phonenumbers.number_type(number) not in lines
    return False


def birth_dates(text: str) -> Iterator[Found]:
    """Yield dates of birth: after a word for it, or any whole date that is not said to be a day of the work."""
    for pattern in _BIRTHS:
        yield from (Found(*match.span(), Identifier.BIRTH_DATE) for match in pattern.finditer(text))
    for match in _DATES.finditer(text):
        if not _HAPPENED.search(text[max(0, match.start() - 32) : match.start()]):
            yield Found(*match.span(), Identifier.BIRTH_DATE)


def is_nhs_number(text: str) -> bool:
    """Say whether ten digits are an NHS number, by the check digit (weights 10 to 2, modulus 11)."""
    digits = [int(letter) for letter in text if letter.isdecimal()]
    if len(digits) != 10:  # noqa: PLR2004 - an NHS number has ten digits
        return False
    check = 11 - sum(weight * digit for weight, digit in zip(range(10, 1, -1), digits, strict=False)) % 11
    return check % 11 == digits[9] and check != 10  # noqa: PLR2004 - a check of ten is never given out


def is_pupil_number(text: str) -> bool:
    """Say whether thirteen signs are a unique pupil number, by the check letter in front (modulus 23)."""
    text = text.upper()
    if len(text) != 13 or not text[1:12].isdecimal():  # noqa: PLR2004 - a pupil number has thirteen signs
        return False
    last = text[12]
    values = [int(digit) for digit in text[1:12]]
    values.append(int(last) if last.isdecimal() else _PUPIL_LETTERS.find(last))
    total = sum(weight * value for weight, value in zip(range(2, 14), values, strict=True))
    return _PUPIL_LETTERS[total % 23] == text[0]
