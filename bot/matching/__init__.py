"""Words to a decision: danger, one flow, a choice between flows, or "I don't know".

Rules of this package
- It is pure: it is given parsed data, opens nothing, knows no clock and no chance. Same words, same answer.
- Danger is looked for first, by phrases that a safeguarding lead can edit and by likeness to messages that were live
  emergencies. An alarm hides nothing: `flow` is filled as it would have been without it.
- Flows are found by likeness to example messages, in words and in meaning. Where it is not sure it must ask, or say so.
- Nothing typed is taken for consent, or for "there is no harm", unless it is those very words.
- Only the start of a message is read: MAX_CHARS to find the flow, MAX_DANGER_CHARS to look for danger.
- numpy and rapidfuzz are imported when the first words are matched, and not before.
"""

from __future__ import annotations

from bot.matching.advised import Advised, Adviser, Suggestion
from bot.matching.bands import Cuts
from bot.matching.matcher import BUILTIN, Candidate, DangerRule, Decision, Keeper, Matcher, Routing, Writer
from bot.matching.normalise import MAX_CHARS, MAX_DANGER_CHARS
from bot.matching.options import choose_option

__all__ = [
    "BUILTIN",
    "MAX_CHARS",
    "MAX_DANGER_CHARS",
    "Advised",
    "Adviser",
    "Candidate",
    "Cuts",
    "DangerRule",
    "Decision",
    "Keeper",
    "Matcher",
    "Routing",
    "Suggestion",
    "Writer",
    "choose_option",
]
