"""H1 to H41: each is tied to something that fails when the rule is broken, and each is broken here on purpose.

Three ties, and a fourth in `test_hard_rules_spoken.py`: what has to be said where (`bot.checks.rules`), what nothing may
say (the same), and what every way through a flow has to bring (`rule_needs.py`). Each tie is cut, and has to show it.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from content import changed, copy_shipped
from rule_needs import ALSO, NEEDS, RING_TODAY
from ways import Need, complaints, rewritten, warned_first, without

from bot.checks import rules, words
from bot.checks.promises import DONT_KNOW
from bot.checks.rule_bans import BANS
from bot.checks.rule_words import HAS_TO_SAY, LINES_HAVE_TO_SAY, HasToSay
from bot.files import kind_of
from bot.library import Library, Loaded, read_content
from bot.models import ActionClass, AskStep
from bot.reading import content_root, parse_as, read_yaml

if TYPE_CHECKING:
    from bot.models import Rule

RULES = [f"H{number}" for number in range(1, 42)]
SPOKEN = {"H1", "H22", "H23", "H24", "H25", "H27"}
"""Rules about how a conversation goes: tied in `test_hard_rules_spoken.py` as well."""
BY_NUMBER = {"H10", "H22", "H23"}
"""Rules that the checks of words hold too: what is said of injuries, numbers, and what identifies."""
LABEL = 40
RING = "ring_social_care"
FLOWS_LOOKED_AT = ("neglect_concern", "new_partner", "fgm", "child_in_care", "information_sharing")
"""What is needed of every flow is cut in these; `test_every_way_keeps_the_rule` looks at all."""


@pytest.fixture(scope="module")
def loaded() -> Loaded:
    """Read the shipped content with its places."""
    return read_content(content_root())


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Copy the shipped content to a folder where it may be spoilt."""
    root = tmp_path_factory.mktemp("spoilt")
    copy_shipped(root)
    return root


@pytest.fixture(scope="module")
def broken(loaded: Loaded) -> set[str]:
    """Return the rules that the checks find broken in the shipped content."""
    return codes(loaded, numbers=True)


def of(rule: str) -> list[Need]:
    """Return what a rule needs of the ways through the flows."""
    return [need for need in NEEDS if need.rule == rule]


def codes(read: Loaded, *, numbers: bool = False) -> set[str]:
    """Return the rules that the checks of the content find broken."""
    assert read.library is not None, read.problems
    assert not read.problems, read.problems
    found = {problem.code for check in rules.CHECKS for problem in check(read.library, read.origins)}
    if numbers:
        checks = (words.nothing_old_or_forbidden, words.nobody_is_named)
        more = {problem.code for check in checks for problem in check(read.library, read.origins)}
        found |= {"H10" if code == "forbidden_words" else code for code in more}
    return found


# --- the rules are kept --------------------------------------------------------------------------------


def test_every_rule_is_tied_to_something(library: Library) -> None:
    """H1 to H41 are the rules there are, and each has at least one tie."""
    assert [rule.id for rule in library.content.rules] == RULES
    tied = {item.rule for part in (NEEDS, HAS_TO_SAY, LINES_HAVE_TO_SAY, BANS) for item in part}
    assert set(RULES) <= tied | SPOKEN | BY_NUMBER


def test_the_flows_and_lines_that_rules_name_are_there(library: Library) -> None:
    """A tie to a flow that is gone would hold nothing: `check` passes it over, so it is missed here."""
    assert {said.route for said in HAS_TO_SAY} <= library.routes.keys()
    assert {said.route for said in LINES_HAVE_TO_SAY} <= library.lines.keys()
    assert {flow for need in NEEDS for flow in need.flows} <= library.flows.keys()


def test_the_table_in_the_readme_is_true(library: Library) -> None:
    """The README has one row for each rule: what ties it, as it is in the data."""
    readme = (Path(__file__).parent / "README.md").read_text(encoding="utf-8")
    missing = [row for row in map(row_of, library.content.rules) if row not in readme]
    assert not missing, "put into tests/README.md:\n" + "\n".join(missing)


def row_of(rule: Rule) -> str:
    """Write the row of a rule."""
    said = dict.fromkeys(s.route for part in (HAS_TO_SAY, LINES_HAVE_TO_SAY) for s in part if s.rule == rule.id)
    named = list(dict.fromkeys(flow for need in of(rule.id) for flow in need.flows))
    ways = ["every flow"] * any(not need.flows for need in of(rule.id)) + named
    banned = sum(ban.rule == rule.id for ban in BANS)
    cells = (rule.id, rule.title, ", ".join(said), ", ".join(ways), str(banned or ""), ALSO.get(rule.id, ""))
    return f"| {' | '.join(cells)} |".replace("|  |", "| |").replace("|  |", "| |")


@pytest.mark.parametrize("rule", RULES)
def test_the_words_keep_the_rule(broken: set[str], rule: str) -> None:
    """What a rule has said is said, on a line that cites it, and nothing says the opposite."""
    assert rule not in broken


@pytest.mark.parametrize("rule", dict.fromkeys(need.rule for need in NEEDS))
def test_every_way_keeps_the_rule(library: Library, rule: str) -> None:
    """Whatever is answered, in every flow: what the rule needs comes, and what it forbids does not."""
    assert not complaints(library, of(rule))


def test_h2_not_being_sure_counts_as_harm(library: Library) -> None:
    """Where one answer means harm, "not sure" and "don't know" reach social care today as well."""
    assert not unsure_left_alone(library)


def unsure_left_alone(library: Library) -> list[str]:
    """Return the answers of doubt, beside an answer that means harm, that do not reach social care today."""
    doubts = [
        Need("H2", (flow.id,), (f"answer {step.id}.{option.id}",), RING_TODAY)
        for flow in library.content.flows
        for step in flow.steps
        if isinstance(step, AskStep) and any("harm_suspected" in option.means for option in step.options)
        for option in step.options
        if option.id in DONT_KNOW and not option.exception
    ]
    assert len(doubts) > len(library.content.flows) / 2
    return complaints(library, doubts)


def test_h7_social_care_is_rung_before_anything_that_could_warn_the_family(library: Library) -> None:
    """On every way of every flow: what tells, visits or asks comes after the call, and never sooner."""
    assert not [flow.id for flow in library.content.flows if warned_first(library, flow, alerts(library), RING)]


def alerts(library: Library) -> set[str]:
    """Return the actions that could warn or probe."""
    return {word.id for word in library.actions.values() if word.is_ is ActionClass.ALERT}


# --- each tie is cut -----------------------------------------------------------------------------------


@pytest.mark.parametrize("rule", dict.fromkeys(said.rule for said in HAS_TO_SAY))
def test_words_that_are_taken_out_are_missed(loaded: Loaded, rule: str) -> None:
    """With everything a rule has said taken out, each single piece of it is named as missing."""
    assert loaded.library is not None
    mine = [said for said in HAS_TO_SAY if said.rule == rule]
    spoilt = rewritten(loaded.library, without(said.pattern for said in mine))
    found = [problem.says for problem in rules.rules_are_said(spoilt, loaded.origins)]
    for said in mine:
        assert any(f"{rule}: no line here" in says and said.says in says for says in found), said


@pytest.mark.parametrize("said", LINES_HAVE_TO_SAY, ids=lambda said: f"{said.rule} {said.route} {said.says}")
def test_a_fixed_line_without_its_words_is_missed(loaded: Loaded, said: HasToSay) -> None:
    """With the words taken out of one fixed line, that line and that rule are named."""
    assert loaded.library is not None
    content = loaded.library.content
    bare = without([said.pattern])
    lines = (
        line.model_copy(update={"text": bare(line.text)}) if line.id == said.route else line for line in content.lines
    )
    spoilt = Library(content.model_copy(update={"lines": tuple(lines)}))
    found = rules.rules_are_said(spoilt, loaded.origins)
    assert any(p.code == said.rule and said.says in p.says and p.file == "dialogues/lines.yaml" for p in found)


@pytest.mark.parametrize("rule", dict.fromkeys(need.rule for need in NEEDS))
def test_a_way_without_what_the_rule_needs_is_found(library: Library, rule: str) -> None:
    """With what a rule needs taken out everywhere, or what it forbids put in, each need of it complains."""
    for need in of(rule):
        flows = [library.flows[name] for name in need.flows or FLOWS_LOOKED_AT]
        spoilt = cut(library, need)
        found = complaints(spoilt, [need], [spoilt.flows[flow.id] for flow in flows])
        assert any(str(need) in one for one in found), need


def cut(library: Library, need: Need) -> Library:
    """Return the library with one need broken: its actions made others, its words taken out, its meanings lost."""
    dos = [event.split()[1] for event in need.must if event.startswith("do ")]
    said = [event.removeprefix("says ") for event in need.must if event.startswith("says ")]
    if need.never:
        if said:
            return rewritten(
                library, lambda words: f"{words} Tell your safeguarding lead." if len(words) > LABEL else words
            )
        return rewritten(library, lambda words: words, {"record": dos[0], "ring_social_care": dos[0]} | _twice(dos[0]))
    return rewritten(
        library,
        without(said),
        dict.fromkeys(dos, "take_to_supervision"),
        tuple(event.removeprefix("means ") for event in need.must if event.startswith("means ")),
    )


def _twice(do: str) -> dict[str, str]:
    """Return more actions that are made into one that is forbidden."""
    return {"record_decision": do}


@pytest.mark.parametrize("ban", BANS, ids=lambda ban: f"{ban.rule} {ban.example[:40]}")
def test_what_contradicts_a_rule_is_refused_and_its_denial_is_not(ban: rules.Ban) -> None:
    """Each example is refused by its rule; "never ..." may be said; and so may the example of no other rule be let pass."""
    assert ban.rule in {rule for rule, _, _ in rules.forbidden(ban.example)}
    denied = f"Never: {ban.example[0].lower()}{ban.example[1:]}"
    if "." not in ban.example[:-1] and "?" not in ban.example:
        assert not [found for found in rules.forbidden(denied) if found[0] == ban.rule]


@pytest.mark.parametrize(
    "words",
    [
        "Don't know? You can promise to keep it secret.",
        "Not sure? Take a photo of the bruise.",
        "No answer? Tell the parents before you ring.",
    ],
)
def test_a_doubt_before_it_is_no_denial(words: str) -> None:
    """A "don't know?" denies nothing that comes after it."""
    assert list(rules.forbidden(words))


# --- one line of a file is changed, as somebody might do it ----------------------------------------------

FLOWS, BLOCKS = "dialogues/flows", "dialogues/blocks"
SAY = (f"{BLOCKS}/tonight.yaml", r"say: >-\n")
CHANGES: dict[str, tuple[str, str, str]] = {
    "H1": (f"{BLOCKS}/danger_check.yaml", r"do: ring_999, who: you, by: now", "do: ring_999, who: you, by: today"),
    "H2": (f"{FLOWS}/neglect_concern.yaml", r"do: ring_social_care", "do: look_again"),
    "H3": (f"{BLOCKS}/being_heard.yaml", r"Anyone may refer", "Your lead refers"),
    "H4": (f"{FLOWS}/child_has_told_me.yaml", r"Never promise to keep it secret", "You may promise to keep it secret"),
    "H5": (f"{BLOCKS}/brothers_and_sisters.yaml", r"only what you already know[^.\"]*", "find out all you can"),
    "H6": (f"{FLOWS}/child_has_told_me.yaml", r"not your fault", "partly your fault"),
    "H7": (f"{BLOCKS}/telling_the_family.yaml", r"Not before you have asked", "Even before you have asked"),
    "H8": (f"{BLOCKS}/men_known.yaml", r"(don't|do not) contact him", "do contact him"),
    "H9": (
        f"{FLOWS}/mark_on_child.yaml",
        r"(id: dont_know,[^}]*)harm_suspected, non_mobile_injury",
        r"\1harm_suspected",
    ),
    "H10": (*SAY, "say: >-\n      The bruise looks about two days old.\n"),
    "H11": (f"{BLOCKS}/recording.yaml", r"do: record\n", "do: take_to_supervision\n"),
    "H12": (f"{BLOCKS}/recording.yaml", r"not to share or refer, write", "not to share or refer, forget"),
    "H13": (f"{BLOCKS}/tonight.yaml", r"a named person has said", "you have sent an email about"),
    "H14": (f"{BLOCKS}/danger_check.yaml", r"never by force", "by force if need be"),
    "H15": (f"{FLOWS}/domestic_abuse.yaml", r"No couples work", "Couples work may help"),
    "H16": (f"{FLOWS}/fgm.yaml", r"do: ring_police", "do: look_again"),
    "H17": (f"{FLOWS}/allegation_about_staff.yaml", r"(id: lead,[^}]*)tell_head", r"\1ask_them"),
    "H18": (f"{FLOWS}/sexual_abuse_concern.yaml", r"(id: under_13,[^}]*)next: abuse_now", r"\1next: lead_today"),
    "H19": (f"{FLOWS}/young_person_at_risk.yaml", r"Asking is safe", "Asking may put it in their mind"),
    "H20": (f"{FLOWS}/family_wont_engage.yaml", r"not by email alone", "by email alone"),
    "H21": (f"{FLOWS}/home_conditions_and_accidents.yaml", r"is no guard", "is a help"),
    "H22": (*SAY, "say: >-\n      Ring 01632 960999.\n"),
    "H23": (*SAY, "say: >-\n      Ring Mrs Arkwright about it.\n"),
    "H24": (f"{BLOCKS}/for_a_child.yaml", r"0800 1111", "a helpline"),
    "H25": ("dialogues/lines.yaml", r"Your local procedures, and your", "Your"),
    "H26": (f"{BLOCKS}/recording.yaml", r"(proves|is) no harm, and excuses none", "may explain it"),
    "H27": (f"{BLOCKS}/tonight.yaml", r"(Do not|don't) wait for morning", "Wait for morning"),
    "H28": (f"{FLOWS}/images_of_children.yaml", r"Never view, copy", "You may view, copy"),
    "H29": (f"{BLOCKS}/danger_check.yaml", r"social care, where the child is now", "social care"),
    "H30": (f"{BLOCKS}/additional_needs.yaml", r"never a child, relative", "a child, a relative"),
    "H31": (f"{FLOWS}/information_sharing.yaml", r"do: hold_information", "do: share_information"),
    "H32": (f"{BLOCKS}/recording.yaml", r"never in anything the family can open", "or in what the family can open"),
    "H33": (f"{FLOWS}/forced_marriage_or_honour_based_abuse.yaml", r"do: ring_police", "do: mediate"),
    "H34": (
        f"{FLOWS}/expecting_or_care_leaver_parent.yaml",
        r"(id: hidden,[^}]*)next: harm_now",
        r"\1next: lead_today",
    ),
    "H35": (f"{FLOWS}/young_person_at_risk.yaml", r"children in law", "nearly grown up"),
    "H36": (f"{FLOWS}/child_in_care.yaml", r"do: report_missing", "do: look_again"),
    "H37": (f"{FLOWS}/private_fostering.yaml", r"do: tell_council", "do: look_again"),
    "H38": (f"{FLOWS}/home_education.yaml", r"before the roll changes", "when there is time"),
    "H39": (f"{FLOWS}/young_carer.yaml", r"do: ask_for_assessment", "do: look_again"),
    "H40": (
        f"{BLOCKS}/emergency.yaml",
        r"(Don't|Do not) clean up or move things unless they say so",
        "Tidy up meanwhile",
    ),
    "H41": (f"{BLOCKS}/being_heard.yaml", r"cancels nothing", "settles it"),
}


def reread(loaded: Loaded, root: Path, name: str) -> Loaded:
    """Return the content with one file read again: reading all of it each time would take a minute."""
    kind = kind_of(name)
    assert kind is not None
    assert loaded.library is not None
    document = read_yaml(root / name, name)
    record = parse_as(kind.model, document)
    assert record is not None, document.problems
    content = loaded.library.content
    if kind.name == "lines":
        return Loaded(Library(content.model_copy(update={"lines": record.lines})), loaded.origins, document.problems)
    others = tuple(one for one in getattr(content, kind.part) if one.id != record.id)
    return Loaded(Library(content.model_copy(update={kind.part: (*others, record)})), loaded.origins, document.problems)


@pytest.mark.parametrize("rule", RULES)
def test_a_line_changed_against_the_rule_is_noticed(loaded: Loaded, copy: Path, rule: str) -> None:
    """In a copy of the content one line is changed; the checks of the words or of the ways name this very rule."""
    name, pattern, instead = CHANGES[rule]
    path = copy / name
    with changed(copy, [name]):
        text, count = re.subn(
            pattern.replace(" ", r"\s+"), instead, path.read_text(encoding="utf-8"), flags=re.IGNORECASE
        )
        assert count, f"{name} no longer says {pattern!r}: change another line"
        path.write_text(text, encoding="utf-8")
        spoilt = reread(loaded, copy, name)
        noticed = codes(spoilt, numbers=True)
        assert spoilt.library is not None
        assert rule in noticed or complaints(spoilt.library, of(rule)), f"nobody noticed that {rule} was broken"


def test_the_opposite_of_a_rule_is_named_with_file_and_line(copy: Path) -> None:
    """`thinkchild check` says where it stands, what it is and what to write instead."""
    name = f"{BLOCKS}/tonight.yaml"
    with changed(copy, [name]):
        text = (copy / name).read_text(encoding="utf-8")
        added = "  - id: spoilt\n    say: Take a photo of the bruise.\n    sources: [H28]\n"
        (copy / name).write_text(text + added, encoding="utf-8")
        read = read_content(copy)
    assert read.library is not None
    (found,) = rules.nothing_says_the_opposite(read.library, read.origins)
    assert (found.file, found.line, found.code) == (name, text.count("\n") + 2, "H28")
    assert "'Take a photo' may not be said" in found.says


def test_h2_doubt_that_no_longer_means_harm_is_found(copy: Path) -> None:
    """An answer "not sure" that means nothing is named."""
    name = f"{FLOWS}/fgm.yaml"
    with changed(copy, [name]):
        text = (copy / name).read_text(encoding="utf-8")
        spoilt = re.sub(r"(id: not_sure,[^}]*)means: \[harm_suspected\], next: known_now", r"\1next: adult_today", text)
        assert spoilt != text
        (copy / name).write_text(spoilt, encoding="utf-8")
        library = read_content(copy).library
    assert library is not None
    (found,) = unsure_left_alone(library)
    assert found.startswith("fgm: H2: given answer what.not_sure")


def test_h7_a_family_told_before_the_call_is_found(library: Library) -> None:
    """Where getting medical help is made telling the family, the rows that tell first are named."""
    spoilt = rewritten(library, lambda said: said, {"get_medical_help": "tell_family"})
    assert warned_first(spoilt, spoilt.flows["fgm"], alerts(library), RING)
