"""The identifier guard: what could identify somebody is found, and what only looks like it is not."""

from __future__ import annotations

import importlib.util
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.guard import MAX_CHARS, Identifier, found, identifiers, is_nhs_number, is_pupil_number, without_identifiers

if TYPE_CHECKING:
    from bot.library import Library


def _figures() -> Any:
    """Return the benchmark of the guard as a module: it reads the labelled set, and counts."""
    path = Path(__file__).resolve().parent.parent / "benchmarks" / "guard.py"
    spec = importlib.util.spec_from_file_location("guard_figures", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


rates = _figures()

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


# --- the labelled set ----------------------------------------------------------------------------------

FEWEST_MESSAGES = 400
MOST_MISSED, MOST_FALSE = 0.03, 0.03
MOST_EVERYDAY = 0.008
"""Of the example messages of the content, those that may be taken for an identifier."""


@pytest.mark.parametrize("file", rates.SETS.values())
def test_few_identifiers_are_missed_and_few_messages_are_wrongly_taken(file: str) -> None:
    """On each half of the labelled set the rates stay where they are; the half put aside counts like the other."""
    found_there = rates.measure(rates.labelled(file))
    assert set(found_there.held) == set(Identifier)
    assert sum(found_there.missed.values()) <= MOST_MISSED * sum(found_there.held.values())
    assert found_there.silent <= MOST_MISSED * found_there.with_some
    assert found_there.alarms <= MOST_FALSE * found_there.without
    for kind in set(Identifier) - {Identifier.NAME}:
        assert found_there.missed[kind] <= 1, kind


def test_the_labelled_set_is_large_and_no_message_is_in_both_halves() -> None:
    """There are some four hundred messages, about half of them without an identifier, each once."""
    texts = [[one.text for one in rates.labelled(file)] for file in rates.SETS.values()]
    assert sum(map(len, texts)) >= FEWEST_MESSAGES
    assert all(len(set(part)) == len(part) for part in texts)
    assert not {text.lower() for text in texts[0]} & {text.lower() for text in texts[1]}


def test_the_labels_are_whole() -> None:
    """Every mark in the labelled set was read: no bracket is left over."""
    for file in rates.SETS.values():
        for one in rates.labelled(file):
            assert "|" not in one.text


def test_a_guard_that_finds_nothing_would_be_noticed() -> None:
    """The figures fail without the guard: everything is missed."""
    nothing = rates.measure(rates.labelled("guard_dev.yaml"), lambda _: ())
    assert nothing.missed == nothing.held
    assert nothing.silent == nothing.with_some


def test_ordinary_messages_are_seldom_taken_for_an_identifier() -> None:
    """Of a sample of the example messages of the content hardly any is wrongly taken (`benchmarks/guard.py` reads them all)."""
    sample = rates.ordinary()[::5]
    assert rates.measure(sample).alarms <= MOST_EVERYDAY * len(sample)


# --- what each kind may look like ----------------------------------------------------------------------

NAMES = [
    "tyler smith came in", "Tyler Smith", "TYLER CAME IN TODAY", "mum (Sarah) said", "Mrs Khan", "the Khan family", "fatima told me", "Agnieszka wont eat",
    "Rhiannon is late", "Oluwaseun has a bruise", "Grace told me", "a girl called Hope", "Rose's mum rang", "his name is Will", "Mark said he was hit",
    "child T.S. in year 3", "lornas job", "Mum says Tjark did it", "Ty\u200bler fell", "Zoe\u0308 fell",
]  # fmt: skip
NO_NAMES = [
    "a mark on a child", "Mark on a child", "MARK ON A CHILD", "mark has appeared on his arm", "Marks on both arms", "I saw a Mark on her arm", "will he be safe",
    "May I ask", "it may be nothing", "in April", "I hope so", "have faith", "no joy", "in summer", "Autumn term", "the sky", "they chase us", "Clare's Law", "sarahs law",
    "Victoria Climbié", "Section 47", "KCSIE", "Working Together 2026", "rose kettle", "amber willow", "QX7-4M2", "in Kent", "moved to Bradford", "Polish family",
    "Children's Services", "Social Worker said no", "Ofsted", "on Monday", "e.g. a bruise", "the size of a penny",
]  # fmt: skip
HELPLINES = [
    "999",
    "101",
    "111",
    "112",
    "0800 1111",
    "0808 800 5000",
    "116 123",
    "0300 123 6600",
    "0808 2000 247",
    "she is 4 0800 1111",
]


@pytest.mark.parametrize("text", NAMES)
def test_names_are_found_in_the_ways_people_type_them(text: str) -> None:
    """Small letters, capitals, names from anywhere, names that are words where they are used as names."""
    assert Identifier.NAME in identifiers(text)


@pytest.mark.parametrize("text", NO_NAMES)
def test_words_of_the_work_are_no_names(text: str) -> None:
    """Words, days, places, laws, labels and receipts are nobody; a mark on a child is never a child called Mark."""
    assert identifiers(text) == ()


@pytest.mark.parametrize("text", HELPLINES)
def test_helplines_and_short_numbers_are_nobodys(text: str) -> None:
    """A number that an organisation gives out may be typed and asked about."""
    assert identifiers(f"can I ring {text} today") == ()


def test_every_label_is_nobodys(content: Library) -> None:
    """A case label, as it is offered and typed back, is never taken for a name."""
    words = content.content.vocabulary
    labels = [f"{colour} {thing}" for colour in words.label_colours for thing in words.label_things]
    assert [
        label for label in labels if identifiers(label) or identifiers(label.title()) or identifiers(label.upper())
    ] == []


def test_the_bots_own_lines_hold_no_identifier(content: Library) -> None:
    """What the assistant itself says is not taken for somebody, when it is typed back or quoted."""
    assert [line.id for line in content.content.lines if identifiers(line.text)] == []


# --- any text at all -----------------------------------------------------------------------------------

PIECES = st.sampled_from(
    [
        "Tyler", "smith", "Mr", "called", "name is", "07700", "900123", "0", "o7", "+44", "12", "/", "3", "2019", "born", "dob", "@", "x_y", "at", "dot", "com", "gmail", "OX1", "1AA",
        "mill", "lane", "14", "flat", "943", "476", "5919", "H801200001001", "insta", "snap:", "Grace", "told", "Mark", ".", ",", "'s", "-", "(", "\n", " ", "é", "\u200b", "ﷺ", "张伟", "٣", "²",
    ]
)  # fmt: skip
TEXTS = st.one_of(
    st.text(max_size=300), st.lists(PIECES, max_size=40).map(" ".join), st.lists(PIECES, max_size=40).map("".join)
)


@given(TEXTS)
def test_nothing_is_left_of_what_is_found(text: str) -> None:
    """A text given without identifiers holds none that the guard would find; and one that held none is given as it was."""
    rest = without_identifiers(text)
    assert identifiers(rest) == ()
    if not identifiers(text):
        assert rest == text


@given(TEXTS)
def test_each_place_is_inside_the_text(text: str) -> None:
    """Where something was found is a place of the text as it was typed, however many signs one letter stands for."""
    for one in found(text):
        assert 0 <= one.start < one.end <= len(text)


NASTY = [
    "a", "0 ", "1 Aa ", "@", "a.b@", "Mr ", "a at b dot ", "07700 ", "12/", "12 mill ", "Aa ", "A.", "called ", "name is ", "dob ", "born ", "one two ", "double ", "flat 1 ", "x.", "a_", "-", "'",
    "a'b ", "lives in a ", "St Aa Aa ", "https://x.com/", "#1234", " ", "\n", "é", "ﷺ", "A1 1", "h8012 ", "(", "snap ", "insta is a", "john at ", "Rose Cottage, ", "Tyler ", "mum Grace ", "the khan ",
]  # fmt: skip
TIMES = 40
"""How much longer than ordinary words of the same length a text may take. A pattern that goes round and round takes thousands."""


def test_no_repetition_makes_it_slow() -> None:
    """Four thousand signs of anything are looked at in the time of ordinary words, give or take: no pattern explodes."""

    def spent(text: str) -> float:
        text = (text * MAX_CHARS)[:MAX_CHARS]
        best = float("inf")
        for _ in range(3):  # the shortest of three: a busy machine slows one, not all
            begun = time.process_time()
            identifiers(text)
            best = min(best, time.process_time() - begun)
        return best

    identifiers("Tjark rang 07700 900123")  # what is read once is read now
    ordinary = spent("the child has a bruise on his arm and mum says he fell, what do I do now ")
    assert [text for text in NASTY if spent(text) > TIMES * ordinary] == []
