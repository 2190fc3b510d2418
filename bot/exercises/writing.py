"""Files of exercises that commands write: a small whole one to begin from, and what came from Twine."""

from __future__ import annotations

import re
from typing import Any

from bot.errors import SetupError
from bot.reading import as_yaml

LONGEST_TITLE = 60
NEW = """\
# An exercise. Change it into yours; 'thinkchild exercise check {id}' says what is wrong, with the line.
# Every word is shown as it stands. Invent everybody. dialogues/README.md explains each key.
id: {id}
title: "{title}"
about: "Two minutes of a Monday morning that could be nothing."
audience: "Anybody who works with children"
minutes: 20                     # at least what the scenes take together, on the longest way
warning: "A small mark on a baby is mentioned. Anybody may stop at any time."
objectives:                     # what it is for: ids from knowledge/, and what to do differently tomorrow
  - point: oxfordshire-q-22
    take_back: "When an explanation comes first, write it down as it was said, and still ask what does not fit."
  - point: H9
    take_back: "A mark on a baby who cannot move about goes to children's social care the same day."
cast:                           # first names only, and nobody real; all see this before the first scene: give nothing away
  - {{id: child, name: Robin, who: "Five months old. Does not roll yet."}}
  - {{id: parent, name: Jo, who: "Robin's parent. Friendly, in a hurry."}}
scenes:
  - id: arrival
    title: Monday, 8.40
    minutes: 12
    narrative: "Jo hands Robin over. 'He bumped himself on the cot, before you ask!' There is a small mark on his arm. Jo has to run."
    questions: 2                # how many there is time for; leave it out for as many as anybody likes
    facts:
      - id: can_he_move
        prompt: "What can Robin do by himself?"
        short: What can he do?  # needed where the prompt is longer than 20 letters
        asks: ["can he roll", "is he crawling", "is he mobile yet"]
        text: "He lies where he is put. He does not roll."
        sources: [H9]
      - id: exact_words
        prompt: "What did Jo say, exactly?"
        short: What did Jo say?
        asks: ["what did the parent say", "what was the explanation", "how did it happen"]
        text: "'He bumped himself on the cot.' Jo did not say when, or who was there."
        sources: [oxfordshire-q-22]
      - id: noted_before        # no prompt: only whoever types such a question hears it
        asks: ["has anything been noted before", "are there earlier marks", "any history"]
        text: "Three weeks ago somebody wrote down a scratch, and told nobody."
        sources: [oxfordshire-q-42]
    decisions:
      - id: first
        ask: "What do you do first?"
        options:
          - id: tell
            label: "Tell the safeguarding lead now"
            short: Tell the lead
            quality: better     # better, partly or worse
            says: "Now somebody knows whose job it is, and Robin is not left to wait. You are not saying that anybody did this."
            sources: [H9, oxfordshire-q-22]
          - id: note
            label: "Write it down, look again at home time"
            short: Write it down
            quality: partly
            says: "Writing it down was right. A mark on a baby who cannot move about does not wait until home time."
            sources: [H9]
          - id: leave
            label: "Leave it: there is an explanation"
            short: Leave it
            quality: worse
            says: "The explanation may be true. Robin cannot say, so somebody who can find out has to hear of it today."
            sources: [H9]
    injects:
      - id: colleague           # with neither 'after' nor 'minutes', the facilitator sends it
        text: "A colleague looks over. 'Babies bruise. I would leave it.'"
    hold:
      discuss: "What made the explanation easy to believe?"
      listen_for: ["That it came before anybody asked", "That Jo is liked"]
  - id: afternoon
    title: Monday, 15.00
    minutes: 8
    narrative: "Children's social care has rung back. Jo will be here in half an hour."
    decisions:
      - id: before_collection
        ask: "What do you make sure of before Jo comes?"
        options:
          - id: who_tells
            label: "Who tells Jo what, and where Robin sleeps"
            short: Who tells Jo
            quality: better
            says: "You asked who tells the parents, what and when, and who keeps Robin safe tonight. Then everybody knows."
            sources: [H7, H13]
          - id: ask_jo
            label: "I ask Jo myself how it happened"
            short: Ask Jo
            quality: worse
            says: "It feels honest. Asking is for social care and the doctor now, so that nobody is warned or led."
            sources: [H5, H7]
    reflect: "What would you have needed this morning, to act sooner?"
    next: end
closing: "You went through a day in which a kind explanation came first."
"""


def new_scenario(name: str, title: str) -> str:
    """Return the YAML of a small whole exercise; raises SetupError when the title does not fit."""
    plain = " ".join(title.split())
    if not 0 < len(plain) <= LONGEST_TITLE or not plain.isprintable() or re.search(r'["\\{}]', plain):
        raise SetupError("The title has to have 1 to 60 letters and no quotes or braces: choose another.")
    return NEW.format(id=name, title=plain)


def scenario_yaml(data: dict[str, Any]) -> str:
    """Return an exercise as YAML that reads well."""
    return "# Brought in from Twine. 'thinkchild exercise check' says what is still to be filled in.\n" + as_yaml(data)
