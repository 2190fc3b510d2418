"""What the hard rules need of every way through the flows: plain data for `test_hard_rules.py`.

Ways and answers are named by id, words by several forms, so that a flow may be reworded and a rule may not.
"""

from __future__ import annotations

from ways import Need

HARM = ("means harm_suspected",)
RINGS = ("do ring_social_care",)
RING_TODAY = ("do ring_social_care today",)
RING_NOW = ("do ring_social_care before_contact",)
CHECKED = tuple(
    f"answer danger_check/{answer}"
    for answer in (
        "signs.yes_now",
        "look.one_of_these",
        "look.cannot_tell",
        "look.none_but_unsure",
        "before_contact.soon",
        "before_contact.dont_know",
    )
)
"""Answers of the danger check that mean harm: a flow's own answers are looked at without them."""
ACCUSED = ("answer child.about_me",)
"""Somebody who is accused is met with a record and a summary of their own."""

WARNS = ("do tell_family", "do talk_with_family", "do ask_child", "do visit_family", "do contact_him", "do mediate")
NOT_THEIRS = ("answer near_children.near", "answer near_children.dont_know", "answer who_said.involved")
"""Children the reader does not know; and a social worker who may be part of the worry: H17 instead."""

ANYONE = r"says anyone (may|can) (refer|ring)|no proof|neither proof|without proof|proof or (permission|agreement)"
WHO_TELLS = (
    r"says who tells|who (speaks|talks) (with|to) (the|her|his|their|each)|(until|till) (they|social care) say|"
    r"don't tell|nobody is told|who is told"
)
OUT_OF_HOURS = r"says emergency duty team"
INTERPRETER = r"says interpreter[^.]{0,40}professional|professional interpreter"
SOCIAL_WORKER = r"says (any|her|his|their|child's|the) (\w+ )?social worker|has a social worker|a social worker"
NO_PROMISE = r"says (never|no|don't|not)\b[^.]{0,30}\b(promise|secrecy|secret)|(can't|cannot) keep it secret"
NOT_YOUR_FAULT = r"says not (your|their|her|his) fault|did right|not to blame"


def _needs(rule: str, flows: str, given: tuple[str, ...], *must: str, unless: tuple[str, ...] = ()) -> Need:
    return Need(rule, tuple(flows.split()), given, must, unless)


def _never(rule: str, flows: str, given: tuple[str, ...], *must_not: str) -> Need:
    return Need(rule, tuple(flows.split()), given, must_not, never=True)


def _answers(*names: str) -> tuple[str, ...]:
    return tuple(f"answer {name}" for name in names)


NEEDS: tuple[Need, ...] = (
    # every flow
    _needs("H1", "", _answers("danger_check/signs.yes_now"), "do ring_999 now"),
    _needs("H1", "", _answers("danger_check/look.cannot_tell"), "do ring_999 now"),
    _needs("H1", "", _answers("danger_check/look.none_but_unsure"), "do ring_social_care now"),
    _needs("H1", "", _answers("danger_check/before_contact.soon", "danger_check/before_contact.dont_know"), *RING_NOW),
    _needs("H2", "", HARM, *RING_TODAY),
    _needs("H3", "", RINGS, ANYONE, unless=ACCUSED),
    _needs("H7", "", HARM, WHO_TELLS),
    _never("H7", "", HARM, "do agree_help", "do seek_agreement"),
    _never("H8", "", HARM, "do contact_him", "do mediate"),
    _needs("H11", "", (), "do record today"),
    _needs("H12", "", ("do record",), r"says not to (share|refer)[^.]{0,40}write", unless=ACCUSED),
    _needs("H13", "", HARM, "says named person has said"),
    _needs("H13", "", RINGS, "says same day", unless=ACCUSED),
    _needs("H14", "", RINGS, "says (make the call|ring[^.]{0,30}) yourself", unless=ACCUSED),
    _needs("H20", "", HARM, "do tell_social_worker today", SOCIAL_WORKER, unless=(*CHECKED, *ACCUSED, *NOT_THEIRS)),
    _needs("H25", "", ("do tell_lead",), "says someone senior"),
    _needs("H26", "", (), "says (proves|is no proof)[^.]{0,20}[,.][^.]{0,30}(excuses|no reason)", unless=ACCUSED),
    _needs("H27", "", HARM, OUT_OF_HOURS),
    _needs("H27", "", RINGS, OUT_OF_HOURS),
    _needs("H29", "", HARM, "says where (?!to|from)[^.,;:]{2,30} (is|are|lives?)( held)?( now|, or was last seen)"),
    _needs("H30", "", _answers("additional_needs/needs.has_needs", "additional_needs/needs.dont_know"), INTERPRETER),
    _needs("H30", "", (), "says interpreter", unless=ACCUSED),
    _needs("H32", "", (), r"says (the|a) family c(an|ould) open"),
    _needs("H41", "", RINGS, "says taking it back, cancels nothing|cancels nothing", unless=ACCUSED),
    # a child who tells
    _needs("H4", "child_has_told_me", _answers("told.harm", "told.taken_back", "told.not_sure"), NO_PROMISE),
    _needs("H4", "mark_on_child", _answers("what_is_it.child_says"), NO_PROMISE),
    _needs("H5", "child_has_told_me", _answers("told.harm", "told.taken_back", "told.not_sure"), "says tell me"),
    _never("H5", "child_has_told_me", HARM, "do ask_child", "do gather_more", "do visit_family"),
    _needs("H6", "child_has_told_me", _answers("told.harm", "told.taken_back", "told.not_sure"), NOT_YOUR_FAULT),
    _needs("H41", "child_has_told_me", _answers("told.taken_back"), *RING_NOW),
    # perplexing and made-up illness
    _needs(
        "H8",
        "perplexing_or_fabricated_illness",
        _answers("which.harm_or_deceit", "which.not_sure"),
        "do tell_health today",
    ),
    _needs("H8", "perplexing_or_fabricated_illness", HARM, "says (don't|not|nothing)[^.]{0,30} (to )?the parents"),
    _needs("H8", "perplexing_or_fabricated_illness", (), "says treatment goes on"),
    # marks
    *(
        need
        for flow in ("mark_on_child", "home_conditions_and_accidents", "child_with_additional_needs")
        for need in (
            _needs("H9", flow, ("means non_mobile_injury",), *RING_NOW),
            _needs("H9", flow, ("means non_mobile_injury",), r"says (don't|not) send[^.]{0,30}GP"),
            _needs("H9", flow, ("means non_mobile_injury",), "says who takes the (child|baby)"),
        )
    ),
    _needs("H9", "mark_on_child", _answers("mobile.dont_know"), "means non_mobile_injury"),
    _needs("H9", "home_conditions_and_accidents", _answers("hurt.dont_know"), "means non_mobile_injury"),
    _needs(
        "H9",
        "mark_on_child",
        _answers("what_is_it.child_says", "what_is_it.kind_or_place", "what_is_it.story"),
        *RING_NOW,
    ),
    # domestic abuse
    _needs("H15", "domestic_abuse", (), r"says (no|never)\b[^.]{0,20}couples"),
    _needs("H15", "domestic_abuse", (), r"says (don't|never) urge[^.]{0,20}leave"),
    _needs("H15", "domestic_abuse", (), r"says never raise it"),
    _never("H15", "domestic_abuse", (), *WARNS),
    # FGM
    _needs("H16", "fgm", _answers("what.known", "what.not_sure"), "do ring_police one_working_day you"),
    _needs("H16", "fgm", _answers("what.known", "what.not_sure"), "says yourself, on 101[^.]{0,60}next working day"),
    _needs("H16", "fgm", _answers("what.known", "what.not_sure"), "do tell_lead today"),
    _needs("H16", "fgm", _answers("what.told_by_other", "what.at_risk"), *RING_TODAY),
    _needs("H16", "fgm", _answers("what.told_by_other", "what.at_risk"), r"says travel[^.]{0,40}ring this minute"),
    _needs("H16", "fgm", (), "says nobody[^.]{0,20}examines"),
    _never("H16", "fgm", HARM, *WARNS),
    # staff
    _needs("H17", "allegation_about_staff", _answers("child.harm", "child.not_sure"), *RING_NOW),
    _needs("H17", "allegation_about_staff", _answers("child.not_right"), "do tell_above today"),
    _needs("H17", "allegation_about_staff", _answers("who.lead", "who.colleague"), "do tell_above now"),
    _needs("H17", "allegation_about_staff", _answers("who.lead", "who.colleague"), "do tell_lado one_working_day"),
    _needs("H17", "allegation_about_staff", _answers("who.head"), "says tell the chair"),
    _needs("H17", "allegation_about_staff", _answers("who.owner", "who.not_sure"), "do tell_lado now"),
    _never(
        "H17",
        "allegation_about_staff",
        _answers("who.lead", "who.head", "who.owner", "who.not_sure"),
        "says tell (your )?(safeguarding )?lead(?!, or someone senior)",
    ),
    _needs("H24", "allegation_about_staff", ACCUSED, "do get_support today"),
    # sexual abuse, harm between children, adults who tell
    _needs("H18", "sexual_abuse_concern", _answers("what.under_13"), *RING_NOW),
    _needs("H18", "sexual_abuse_concern", _answers("what.from_13", "what.not_sure"), *RING_TODAY),
    _needs("H18", "sexual_abuse_concern", _answers("what.told_or_seen", "what.under_13"), "do keep_evidence now"),
    _needs("H18", "child_on_child_harm", _answers("what.gravest", "what.not_sure"), "do ring_police now"),
    _needs("H18", "child_on_child_harm", _answers("what.gravest", "what.sexual", "what.not_sure"), "do keep_apart now"),
    _needs("H18", "child_on_child_harm", _answers("what.gravest", "what.sexual", "what.hurting"), 'says neither is "'),
    _needs("H18", "adult_survivor", _answers("near_children.near", "near_children.dont_know"), *RING_TODAY),
    # suicide and self-harm
    _needs("H19", "young_person_at_risk", _answers("which.self_harm"), "do tell_lead today"),
    _needs("H19", "young_person_at_risk", _answers("which.self_harm"), "do get_medical_help now"),
    _needs("H19", "young_person_at_risk", _answers("which.self_harm"), "says asking is safe"),
    _needs("H19", "young_person_at_risk", _answers("which.self_harm"), "says no scoring"),
    # water
    _needs("H21", "home_conditions_and_accidents", (), "says within (arm's )?reach"),
    # images
    _needs("H28", "images_of_children", _answers("who.serious", "who.not_sure"), "do ring_police now"),
    _needs("H28", "images_of_children", (), "do tell_lead now"),
    _needs("H28", "images_of_children", (), "says never view, copy"),
    _needs("H28", "images_of_children", (), "says (don't|never) pay"),
    # callers
    _needs("H31", "information_sharing", _answers("who.caller", "who.not_sure"), "do hold_information now"),
    _needs("H31", "information_sharing", (), r"says those who need"),
    # forced marriage
    _needs("H33", "forced_marriage_or_honour_based_abuse", _answers("who.under_18", "who.not_sure"), *RING_NOW),
    _needs(
        "H33",
        "forced_marriage_or_honour_based_abuse",
        _answers("who.under_18", "who.not_sure"),
        "do ring_police before_contact",
    ),
    _needs(
        "H33",
        "forced_marriage_or_honour_based_abuse",
        _answers("who.under_18", "who.not_sure"),
        "do ask_forced_marriage_unit today",
    ),
    _needs("H33", "forced_marriage_or_honour_based_abuse", _answers("who.under_18", "who.not_sure"), "says one chance"),
    _needs("H33", "forced_marriage_or_honour_based_abuse", (), "says never[^.]{0,90}bring them together"),
    _never("H33", "forced_marriage_or_honour_based_abuse", (), *WARNS),
    # pregnancy
    _needs("H34", "expecting_or_care_leaver_parent", _answers("which.hidden"), *RING_TODAY),
    _needs("H34", "expecting_or_care_leaver_parent", _answers("which.hidden"), "says for both"),
    _needs("H34", "expecting_or_care_leaver_parent", (), "says 999[^.]{0,20}find the baby"),
    # sixteen and seventeen
    _needs(
        "H35",
        "forced_marriage_or_honour_based_abuse",
        _answers("who.under_18", "who.not_sure"),
        "says marriage is from eighteen",
    ),
    _needs("H35", "young_person_at_risk", (), "says to 18 they are children|children in law"),
    _needs("H35", "young_person_at_risk", _answers("which.used"), "says not housing alone|not only housing"),
    # in care
    _needs("H36", "child_in_care", _answers("which.missing"), "do report_missing now"),
    _needs("H36", "child_in_care", _answers("which.missing"), "do tell_social_worker now"),
    _needs("H36", "child_in_care", _answers("which.harm", "which.not_sure"), "says council that placed"),
    _needs("H36", "child_in_care", _answers("which.harm", "which.not_sure"), "do tell_lado today"),
    _needs("H36", "child_in_care", (), "says age disputed[^.]{0,20}a child"),
    # living with others, taught at home, caring
    _needs("H37", "private_fostering", (), "do tell_council today"),
    _needs("H38", "home_education", _answers("which.worry", "which.not_sure"), *RING_TODAY),
    _needs("H38", "home_education", (), "says not itself harm"),
    _needs("H38", "home_education", (), "says before the roll changes"),
    _needs("H39", "young_carer", (), "do ask_for_assessment five_working_days"),
    _needs("H39", "young_carer", (), "do tell_lead today"),
    _needs("H39", "young_carer", _answers("which.harm", "which.not_sure"), *RING_TODAY),
    # missing
    _needs("H40", "young_person_at_risk", _answers("which.missing"), "do report_missing now"),
    _needs("H40", "school_attendance", _answers("which.unseen"), "do report_missing now"),
    _needs("H40", "family_moved", _answers("which.gone"), "do report_missing now"),
)

ALSO = {
    "H1": "spoken in every flow; P1",
    "H2": "P2; doubt counts as harm",
    "H5": "P2b; curiosity prompts ask only for what is known",
    "H7": "P6; social care is rung before anything that could warn",
    "H8": "P2b, P5",
    "H9": "P10",
    "H10": "`words`: forbidden words",
    "H11": "P7",
    "H13": "P9; `test_session.py`: a reminder comes before the deadline",
    "H22": "spoken in every flow; `words`: numbers",
    "H23": "spoken in every flow; `words`: names; `test_guard.py`",
    "H24": "spoken in every flow; `test_matching.py`: who is writing",
    "H25": "spoken in every flow",
    "H27": "P13; area packs",
    "H28": "`telegram/`: pictures are refused unseen",
    "H29": "each call to social care says where",
    "H31": "P6b",
    "H32": "P7",
    "H41": "spoken: a changed answer",
}
"""What else holds a rule, for the table in the README."""
