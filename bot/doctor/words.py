"""What it says: content, signatures, and the numbers of the area."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from bot.areas import findings, release_problems
from bot.doctor.kinds import Finding, Patient, Verdict
from bot.errors import ContentError
from bot.signing import signature_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bot.library import Library

SOON = timedelta(days=30)
"""So long before its review date a number is worth checking."""


def content(patient: Patient) -> Iterator[Finding]:
    """Say whether the content is clean, signed and current."""
    try:
        library = patient.load()
    except ContentError as error:
        count = len(error.problems)
        yield Finding(
            "content",
            Verdict.WRONG,
            f"The content has {count} mistake{'s' if count > 1 else ''}, so nothing starts.",
            "thinkchild check names each with its line.",
        )
        return
    yield Finding(
        "content", Verdict.FINE, f"The content is clean: {len(library.flows)} flows, version {library.version[:12]}."
    )
    signed = sum(signature_of(library, flow) is not None for flow in library.flows)
    if signed < len(library.flows):
        yield Finding(
            "signatures",
            Verdict.LOOK,
            f"{signed} of {len(library.flows)} flows are signed as they stand; the others are shown as drafts.",
            "A safeguarding lead reads and signs them: thinkchild factcheck FLOW, thinkchild sign FLOW.",
        )
    else:
        yield Finding("signatures", Verdict.FINE, f"All {signed} flows are signed as they stand.")
    yield from _area(patient, library)


def _area(patient: Patient, library: Library) -> Iterator[Finding]:
    if patient.area not in library.areas:
        yield Finding(
            "area",
            Verdict.WRONG,
            f"There is no area '{patient.area}'.",
            "thinkchild area new begins one; --area names it.",
        )
        return
    area, today = library.areas[patient.area], patient.now.date().isoformat()
    if patient.area == "england":
        yield Finding(
            "area",
            Verdict.LOOK,
            "The area is England as a whole: no local number is known.",
            "thinkchild area new makes the pack of your own area.",
        )
        return
    for problem in release_problems(area, today):
        yield Finding("area", Verdict.WRONG, problem, f"thinkchild area check {patient.area}")
    later = [line for line in findings(library, area, (patient.now + SOON).date().isoformat()) if "review date" in line]
    if later:
        yield Finding(
            "area",
            Verdict.LOOK,
            f"Within 30 days: {'; '.join(later)}.",
            "Ring each number, then write the day you checked it and when to check it again.",
        )
    elif not release_problems(area, today):
        yield Finding("area", Verdict.FINE, f"The emergency duty team's number of {area.name} is checked and current.")
