"""The state of a conversation: answers, to be replayed. Frozen, numbered, and without clock, ids or words.

It round-trips through JSON. The format number rises when an old state could be misread.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import Any

from bot.models import Mark, Moment

FORMAT = 1


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer, keyed by call path, step, subject (a label such as `child_a`) and occurrence."""

    path: str
    step: str
    chosen: tuple[str, ...] = ()
    marks: tuple[tuple[str, Mark], ...] = ()
    done: bool = True
    moment: Moment = Moment.UNKNOWN
    subject: str = ""
    occurrence: int = 0

    @property
    def key(self) -> tuple[str, str, str, int]:
        """What the answer answers."""
        return (self.path, self.step, self.subject, self.occurrence)


@dataclass(frozen=True, slots=True)
class Run:
    """One passage through a flow or block.

    `reopened` is the answer being changed, `pending` what was given of the new one; `means` is what was established in the flow this one was opened from;
    `carried` are the calls whose answers came along from there, so that their words are not said twice; `left_out` are the
    steps that are left to the flow this one goes back to, which has them too.
    """

    number: int
    route: str
    began: Moment
    answers: tuple[Answer, ...] = ()
    reopened: tuple[str, str, str, int] | None = None
    means: tuple[str, ...] = ()
    carried: tuple[str, ...] = ()
    pending: Answer | None = None
    left_out: tuple[str, ...] = ()

    def with_answer(self, answer: Answer) -> Run:
        """Return the run with this answer in the place of any earlier one to the same question."""
        kept = tuple(given for given in self.answers if given.key != answer.key)
        return replace(self, answers=(*kept, answer), reopened=None, pending=None)


@dataclass(frozen=True, slots=True)
class Interrupt:
    """Something asked in between, after which the open step goes on: an alarm, the menu, a choice."""

    about: str
    offers: tuple[str, ...] = ()
    answer: Answer | None = None
    then_open: str = ""
    beneath: str = ""
    """What was asked in between already, and is asked again afterwards."""
    row: int = 0
    """The row of the record that this asks about, if any: the engine only hands it on."""


@dataclass(frozen=True, slots=True)
class State:
    """Where a conversation is: the stack of runs, those finished, and what was asked in between."""

    version: str
    runs: tuple[Run, ...] = ()
    past: tuple[Run, ...] = ()
    interrupt: Interrupt | None = None
    made: int = 0
    misses: int = 0
    stopped: bool = False
    alarmed: bool = False
    came_back: tuple[int, ...] = ()
    """The runs that ended with the last answer: what they said stands on the screen, above the question of the run beneath."""

    @property
    def top(self) -> Run | None:
        """The run that is being walked."""
        return self.runs[-1] if self.runs else None

    def to_json(self) -> str:
        """Write the state as JSON."""
        return json.dumps(
            {
                "format": FORMAT,
                "version": self.version,
                "runs": [_run_out(run) for run in self.runs],
                "past": [_run_out(run) for run in self.past],
                "interrupt": self.interrupt
                and {
                    "about": self.interrupt.about,
                    "offers": self.interrupt.offers,
                    "answer": self.interrupt.answer and _answer_out(self.interrupt.answer),
                    "then_open": self.interrupt.then_open,
                    "beneath": self.interrupt.beneath,
                    **({"row": self.interrupt.row} if self.interrupt.row else {}),
                },
                "made": self.made,
                "misses": self.misses,
                "stopped": self.stopped,
                "alarmed": self.alarmed,
                "came_back": self.came_back,
            },
            separators=(",", ":"),
        )

    @classmethod
    def from_json(cls, text: str) -> State:
        """Read a state; raises ValueError when it is of a format that this program does not know."""
        data = json.loads(text)
        if data.get("format") != FORMAT:
            raise ValueError(f"This state has format {data.get('format')!r}; this program reads format {FORMAT}.")
        asked = data["interrupt"]
        return cls(
            version=data["version"],
            runs=tuple(map(_run_in, data["runs"])),
            past=tuple(map(_run_in, data["past"])),
            interrupt=asked
            and Interrupt(
                asked["about"],
                tuple(asked["offers"]),
                asked["answer"] and _answer_in(asked["answer"]),
                asked["then_open"],
                asked["beneath"],
                asked.get("row", 0),
            ),
            made=data["made"],
            misses=data["misses"],
            stopped=data["stopped"],
            alarmed=data["alarmed"],
            came_back=tuple(data.get("came_back", ())),  # states kept before there was such a thing have none
        )


def _answer_out(answer: Answer) -> list[Any]:
    return [
        answer.path,
        answer.step,
        answer.chosen,
        answer.marks,
        answer.done,
        answer.moment,
        answer.subject,
        answer.occurrence,
    ]


def _answer_in(data: list[Any]) -> Answer:
    path, step, chosen, marks, done, moment, subject, occurrence = data
    return Answer(
        path,
        step,
        tuple(chosen),
        tuple((prompt, Mark(mark)) for prompt, mark in marks),
        done,
        Moment(moment),
        subject,
        occurrence,
    )


def _run_out(run: Run) -> list[Any]:
    return [
        run.number,
        run.route,
        run.began,
        [_answer_out(answer) for answer in run.answers],
        run.reopened,
        run.means,
        run.carried,
        run.pending and _answer_out(run.pending),
        run.left_out,
    ]


def _run_in(data: list[Any]) -> Run:
    number, route, began, answers, reopened, means, carried, pending, *later = data
    key = None if reopened is None else (reopened[0], reopened[1], reopened[2], reopened[3])
    return Run(
        number,
        route,
        Moment(began),
        tuple(map(_answer_in, answers)),
        key,
        tuple(means),
        tuple(carried),
        pending and _answer_in(pending),
        tuple(later[0]) if later else (),  # states kept before there was such a thing have none
    )
