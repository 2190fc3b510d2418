"""The identifier guard: what could identify somebody is found, and what only looks like it is not."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.guard import MAX_CHARS, Identifier, identifiers, is_nhs_number, is_pupil_number, without_identifiers

FOUND = {
    Identifier.NAME: [
        "Mr Smith rang", "her mum, Mrs. O'Neill", "Dr Patel says", "a boy called Jamie", "his name is Jamie", "name: Jamie",
        "child named Jamie-Lee", "This is Jamie in year 3", "pupil Jamie came in", "her brother Callum", "mum Kelly", "stepdad Darren",
        "Miss Jones", "baby Isla has a bruise",
    ],
    Identifier.BIRTH_DATE: [
        "dob 12/03/2019", "D.O.B: 1.2.20", "date of birth 3 May", "born on 3rd May", "born the 4th of June", "12/03/2019", "12-3-19", "1.2.2020",
    ],
    Identifier.PHONE: [
        "07700 900123", "07700900123", "+44 7700 900123", "+447700900123", "(01632) 960001", "01632 960001", "01632-960-001",
        "020 7946 0000", "+44 (0)1632 960001", "0044 7700 900123",
    ],
    Identifier.EMAIL: ["write to a.b@example.org", "MUM@EXAMPLE.CO.UK", "a+b@sub.example.com"],
    Identifier.POSTCODE: ["OX1 1AA", "ox11aa", "SW1A 2AA", "M1 1AE", "EC1A 1BB", "they live at WV10 9RU"],
    Identifier.ADDRESS: ["12 High Street", "12 high street", "4a Long Acre Road", "221 Baker St", "7 The Close", "3 Mill Lane"],
    Identifier.NHS_NUMBER: ["943 476 5919", "9434765919", "NHS no 943-476-5919"],
    Identifier.PUPIL_NUMBER: ["UPN H801200001001", "h801200001001"],
    Identifier.HANDLE: ["he is @jamie_2012", "insta: jamie2012", "snapchat name jamie2012", "tiktok is jamie.2012"],
}  # fmt: skip
LOOK_ALIKES = [
    "I've seen a mark on a child", "the family won't engage", "Social care say NFA", "a child in Year 6", "the child, Monday at nine",
    "We called Mum twice", "I called Children's Services", "she called Social Care", "my lead called Police", "called MASH and the EDT",
    "two bruises, 3 cm by 4 cm", "at 10.30 on Tuesday", "10/10 pain", "in 2019", "she is 4", "aged 3 or 4", "on page 3 of 12",
    "section 47 of the Children Act 1989", "section 11", "it was 12 30", "ring 999 or 101", "ring 111", "0-5 health visiting",
    "2 bruises on the way home", "she is 4 and on the way", "10 minutes down the road", "1 in 4 children in this place",
    "her Instagram is full of it", "he is on TikTok a lot", "email me", "something @ home", "Mum said no", "the boy Police spoke to",
    "1234567890", "943 476 5918", "B123456789012 is on the form", "the baby's head", "H9", "g-17", "oxfordshire-q-31", "A&E", "P5",
    "Mr", "Dr", "DOB unknown", "a partner, Polish I think", "Baby Monday clinic", "half past 10, 20 minutes late", "50 per cent",
]  # fmt: skip


@pytest.mark.parametrize(("kind", "text"), [(kind, text) for kind, texts in FOUND.items() for text in texts])
def test_what_could_identify_somebody_is_found(kind: Identifier, text: str) -> None:
    """Each kind of identifier is found in the forms that people write it in."""
    assert kind in identifiers(text)
    assert kind in identifiers(f"Hello, {text}. What now?")


@pytest.mark.parametrize("text", LOOK_ALIKES)
def test_what_only_looks_like_an_identifier_is_left_alone(text: str) -> None:
    """Words and numbers of the work itself are not taken for identifiers."""
    assert identifiers(text) == ()


def test_every_kind_is_tried() -> None:
    """There is an example of each kind of identifier."""
    assert set(FOUND) == set(Identifier)


def test_a_text_is_given_without_what_could_identify_somebody() -> None:
    """What is found is left out, and all else stays."""
    rest = without_identifiers("a girl called Chloe, born on 12/03/2019, NHS 943 476 5919, was late; ref 943 476 5918")
    assert rest.split() == ["a", "girl", ",", ",", "NHS", ",", "was", "late;", "ref", "943", "476", "5918"]


def test_several_kinds_are_named_once_each_in_order() -> None:
    """Kinds found are named in the order of the list, each once."""
    text = "Mr Smith, Mrs Smith, 07700 900123, 07700 900124, OX1 1AA"
    assert identifiers(text) == (Identifier.NAME, Identifier.PHONE, Identifier.POSTCODE)


def test_the_check_digit_of_an_nhs_number_counts() -> None:
    """Of ten numbers that differ in the last digit one at most is an NHS number."""
    assert [last for last in range(10) if is_nhs_number(f"943476591{last}")] == [9]
    assert not is_nhs_number("943476591")
    assert not is_nhs_number("94347659191")
    assert not is_nhs_number("nonsense")


def test_the_check_letter_of_a_pupil_number_counts() -> None:
    """Of the letters that may stand in front one makes a unique pupil number."""
    assert [letter for letter in "ABCDEFGHJKLMNPQRTUVWXYZ" if is_pupil_number(f"{letter}801200001001")] == ["H"]
    assert not is_pupil_number("H80120000100")
    assert not is_pupil_number("HX01200001001")


@given(st.integers(0, 999_999_999))
def test_whatever_has_the_right_check_digit_is_found(number: int) -> None:
    """An NHS number is found in each of the ways it is written."""
    digits = f"{number:09d}"
    check = -sum(weight * int(digit) for weight, digit in zip(range(10, 1, -1), digits, strict=True)) % 11
    if check == 10:
        assert not any(is_nhs_number(f"{digits}{last}") for last in range(10))
        return
    whole = f"{digits}{check}"
    for text in (whole, f"{whole[:3]} {whole[3:6]} {whole[6:]}", f"no. {whole[:3]}-{whole[3:6]}-{whole[6:]}."):
        assert Identifier.NHS_NUMBER in identifiers(text)


@given(st.text(max_size=400))
def test_any_text_is_read_without_an_error(text: str) -> None:
    """No text makes the guard fall over, and what it says does not depend on what stands around in blanks."""
    assert identifiers(text) == identifiers(text)
    assert set(identifiers(text)) <= set(Identifier)


@pytest.mark.parametrize(
    "text", ["a" * 100_000, "0 " * 50_000, "1 Aa " * 20_000, "@" * 100_000, "a.b@" * 25_000, "Mr " * 30_000]
)
def test_a_very_long_text_takes_no_time(text: str) -> None:
    """Only the start of a text is read, and no text makes a pattern go round for ever."""
    begun = time.process_time()
    identifiers(text)
    assert time.process_time() - begun < 1


def test_only_the_start_of_a_text_is_read() -> None:
    """What stands behind the first few thousand signs is not looked at: such a text is refused whole."""
    assert identifiers("x " * MAX_CHARS + "Mr Smith") == ()
