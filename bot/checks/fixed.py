"""Checks of what the engine itself leans on: fixed lines and blocks, the vocabulary, and what knowledge names."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.asking import DANGER_CHECK, INTERRUPTS
from bot.checks.exercise_lines import EXERCISE_LINES
from bot.checks.structure import Asker, Check
from bot.errors import Problem
from bot.library import SUBJECTS_WITHOUT_FLOW
from bot.models import AskStep, By, Mark, Urgency

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bot.library import Library, Origins

LINES = (
    *EXERCISE_LINES,
    "greeting",
    "menu",
    "opening",
    "signpost",
    "search_found",
    "search_nothing",
    "draft",
    "signed",
    "not_signed",
    "some_worry",
    "no_worry",
    "label_offer",
    "which_flow",
    "not_understood",
    "not_understood_first",
    "learn_offer",
    "learn_offer_opened",
    "learn_option",
    "learn_option_short",
    "learn_kept",
    "learn_gone",
    "guarded",
    "help",
    "stopped",
    "stopped_empty",
    "after_999",
    "after_not_emergency",
    "resumed",
    "back_to",
    "changing",
    "which_answer",
    "nothing_to_change",
    "nothing_before",
    "choose_from_these",
    "already_answered",
    "why_nothing",
    "why_heading",
    "unconfirmed",
    "unconfirmed_some",
    "and_also",
    "ladder_here",
    "check_before_use",
    "invented_number",
    "limits",
    "reminder_set",
    "reminder_alarm",
    "reminder_off",
    "reminder_none",
    "reminder_text",
    "reminder_due",
    "label_known",
    "case_again",
    "case_advised",
    "case_earlier",
    "case_heard",
    "case_more",
    "case_not_heard",
    "case_marked",
    "case_standing",
    "case_standing_on",
    "case_third",
    "case_reassess",
    "gone_over",
    "nothing_new",
    "reminder_set_more",
    "reminder_over",
    "chase_about",
    "chase_unanswered",
    "chase_rung",
    "chase_top",
    "chase_next",
    "chase_last",
    "chase_heard",
    "another_child",
    "not_enrolled",
    "code_unknown",
    "too_fast",
    "let_in",
    "let_in_lead",
    "let_in_admin",
    "already_in",
    "no_such_role",
    "not_yours_to_read",
    "invitation",
    "members_listed",
    "member_unknown",
    "shut_out",
    "invite_how",
    "sessions_listed",
    "sessions_none",
    "read_caption",
    "late_answer",
    "edited_unread",
    "media_refused",
    "group_refused",
    "too_long",
    "versions_differ",
    "corrected",
    "corrected_advice",
    "corrected_asked",
    "corrected_begin",
    "corrected_since",
    "refused",
    "receipt_caption",
    "menu_child_or_parent",
    "menu_carry_on",
    "menu_choice",
    "prompts_done",
    "prompts_done_short",
    "too_deep",
    "sent_again",
    "failed",
    "given_up",
    "cannot_answer",
    "danger_first",
    "receipt_none",
    "undone",
    "withdrawn",
    "after_999_alone",
    "not_understood_again",
    "left_for_a_child",
    "left_for_a_parent",
    "left_outside_england",
    "which_flow_between",
    "hello",
    "thanks",
    "cannot_say_safe",
    "unsure_is_999",
    "nearly",
    "two_fit",
    "asked_as_well",
    "a_person",
    "prompts_again",
    "reminder_again",
)
"""Fixed lines that the engine, the session and the channels say; none may go missing."""


def fixed_parts_are_there(library: Library, origins: Origins) -> Iterator[Problem]:
    """The lines and blocks that the engine itself says are there, and understood."""
    for name in LINES:
        if name not in library.lines:
            file, whose = ("exercise_", "exercise") if name in EXERCISE_LINES else ("", "conversation")
            says = f"The line '{name}' is missing: every {whose} may need it."
            yield Problem(f"dialogues/{file}lines.yaml", 1, "missing_line", says)
    for name, options in INTERRUPTS.items():
        block = library.blocks.get(name)
        if block is None:
            yield Problem(
                f"dialogues/blocks/{name}.yaml",
                1,
                "missing_block",
                f"The block '{name}' is missing: put the file back.",
            )
            continue
        ask, step = Asker(origins, "blocks", name), block.steps[0]
        if not isinstance(step, AskStep) or {option.id for option in step.options} != options:
            yield ask.problem(
                ("steps", 0),
                "wrong_card",
                f"'{name}' has to be one question with exactly the options {', '.join(sorted(options))}.",
            )
    if DANGER_CHECK not in library.blocks:
        yield Problem(
            f"dialogues/blocks/{DANGER_CHECK}.yaml",
            1,
            "missing_block",
            "The danger check is missing: put the file back.",
        )
    if library.content.cuts is None:
        says = "What typed words have to reach before they are acted on is missing: put the file back."
        yield Problem("knowledge/phrases/cuts.yaml", 1, "missing_file", says)
    vocabulary = Asker(origins, "vocabulary", "vocabulary")
    for key, words, needed in (
        ("by", library.content.vocabulary.by, set(By)),
        ("urgency", library.content.vocabulary.urgency, set(Urgency)),
        ("marks", library.content.vocabulary.marks, set(Mark)),
    ):
        for name in sorted(needed - set(words)):
            yield vocabulary.problem((key,), "missing_word", f"The word for '{name}' is missing under '{key}'.")
    for number, action in enumerate(library.content.vocabulary.actions):
        if action.contact:
            yield from vocabulary.unknown(
                action.contact, library.contacts, ("actions", number), "unknown_word", "a contact of the vocabulary"
            )


def knowledge_holds_together(library: Library, origins: Origins) -> Iterator[Problem]:
    """Documents, rungs and contacts that knowledge names exist; lines cite what exists."""
    content = library.content
    for part, items in (
        ("points", content.points),
        ("facts", content.facts),
        ("rules", content.rules),
        ("rules_for_sharing", content.rules_for_sharing),
    ):
        for item in items:
            ask = Asker(origins, part, item.id)
            yield from ask.unknown(
                item.document, library.documents, ("document",), "unknown_document", "a document in knowledge/sources"
            )
            for source in getattr(item, "rests_on", ()):
                yield from ask.unknown(
                    source, library.sources, ("rests_on",), "unknown_source", "a source in knowledge/"
                )
    for line in content.lines:
        for source in line.sources:
            ask = Asker(origins, "lines", line.id)
            yield from ask.unknown(source, library.sources, ("sources",), "unknown_source", "a source in knowledge/")
    for rung in content.rungs:
        for source in rung.sources:
            yield from Asker(origins, "rungs", rung.id).unknown(
                source, library.sources, ("sources",), "unknown_source", "a source in knowledge/"
            )
    rungs = {rung.id for rung in content.rungs}
    for area in content.areas:
        ask = Asker(origins, "areas", area.id)
        for name in area.contacts:
            yield from ask.unknown(
                name, library.contacts, ("contacts", name), "unknown_word", "a contact of the vocabulary"
            )
        for place, timing in enumerate(area.ladder):
            yield from ask.unknown(timing.rung, rungs, ("ladder", place), "unknown_word", "a rung of the ladder")
    yield from _knowledge_of_words(library, origins)


def _knowledge_of_words(library: Library, origins: Origins) -> Iterator[Problem]:
    """Example messages lead to flows that exist; danger phrases rest on rules that exist."""
    known = set(library.flows) | SUBJECTS_WITHOUT_FLOW
    for intent in library.content.examples:
        yield from Asker(origins, "examples", intent).unknown(intent, known, (), "unknown_flow", "a flow")
    for place, signature in enumerate(library.content.signatures):
        ask = Asker(origins, "signatures", "signatures")
        yield from ask.unknown(signature.flow, library.flows, (place, "flow"), "unknown_flow", "a flow")
    for phrase in library.content.danger_phrases:
        ask = Asker(origins, "danger_phrases", phrase.id)
        yield from ask.unknown(phrase.source, library.sources, ("source",), "unknown_source", "a source in knowledge/")


def ids_of_knowledge_are_unique(library: Library, origins: Origins) -> Iterator[Problem]:
    """No two things that can be cited share an id, and no two words of one kind in the vocabulary."""
    content, cited = library.content, set[str]()
    for part, items in (
        ("rules", content.rules),
        ("rules_for_sharing", content.rules_for_sharing),
        ("points", content.points),
        ("facts", content.facts),
    ):
        for item in items:
            if item.id in cited:
                says = f"'{item.id}' is already the id of another source: give this one another."
                yield origins.problem(part, item.id, ("id",), "duplicate_id", says)
            cited.add(item.id)
    vocabulary = content.vocabulary
    for kind in ("actions", "actors", "contacts", "topics", "meanings", "groups", "subjects"):
        seen: set[str] = set()
        for place, word in enumerate(getattr(vocabulary, kind)):
            if word.id in seen:
                says = f"'{word.id}' stands twice under '{kind}': keep one."
                yield origins.problem("vocabulary", "vocabulary", (kind, place), "duplicate_id", says)
            seen.add(word.id)


def contacts_hold_together(library: Library, origins: Origins) -> Iterator[Problem]:
    """Whom to reach out of hours is a contact too, and every fallback cites what exists."""
    ask = Asker(origins, "vocabulary", "vocabulary")
    for place, contact in enumerate(library.content.vocabulary.contacts):
        at: tuple[str | int, ...] = ("contacts", place)
        if contact.out_of_hours:
            where = (*at, "out_of_hours")
            yield from ask.unknown(
                contact.out_of_hours, library.contacts, where, "unknown_word", "a contact of the vocabulary"
            )
        for source in contact.sources:
            yield from ask.unknown(
                source, library.sources, (*at, "sources"), "unknown_source", "a source in knowledge/"
            )


CHECKS: tuple[Check, ...] = (
    fixed_parts_are_there,
    ids_of_knowledge_are_unique,
    contacts_hold_together,
    knowledge_holds_together,
)
