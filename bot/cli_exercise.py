"""Commands for exercises: play one, run one with a group, look back, erase."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from bot.cli_scenario import SCENARIO
from bot.cli_shared import Commands, content_option, db_option, default_db, put
from bot.errors import SetupError

if TYPE_CHECKING:
    from collections.abc import Callable

    from bot.events import Event
    from bot.exercises.hall import Hall
    from bot.exercises.seats import Exercise, Seat

person_option = click.option(
    "--person", default="me", show_default=True, help="Who is at this terminal; kept only as a pseudonym."
)


@click.group(cls=Commands)
def exercise() -> None:
    """Invented cases to practise on, alone or with a group: nothing of them is in the record."""


@exercise.command("list")
@db_option
@content_option
def list_command(db: Path | None, content: Path | None) -> None:
    """List the exercises there are, and those that were held and are still kept."""
    from bot.clock import read, shown  # noqa: PLC0415 - commands load only what they need
    from bot.exercises.seats import Role  # noqa: PLC0415

    hall = _hall(db, content)
    for story in sorted(hall.stories.values(), key=lambda one: one.id):
        one = story.scenario
        click.echo(f"{one.id}: {one.title} ({one.minutes} minutes, {len(one.scenes)} scenes). {one.audience}")
    for held in hall.store.exercises():
        people = len([seat for seat in hall.store.seats(held.id, Role.TRAINEE) if seat.run is not None])
        state = "goes on" if held.ended_at is None else "ended"
        code = f", join code {held.join_code}" if held.is_group and held.ended_at is None else ""
        click.echo(
            f"{held.id}  {shown(read(held.began_at))}  {held.kind}, {people} in it, {state}{code}: {held.story.scenario.title}"
        )


@exercise.command("play")
@db_option
@content_option
@person_option
@click.option("--afresh", is_flag=True, help="Begin again, also where you left it unfinished.")
@click.argument("scenario")
def play_command(scenario: str, db: Path | None, content: Path | None, person: str, *, afresh: bool) -> None:
    """Play an exercise alone, here in the terminal; carries on where you left it."""
    from bot.exercises import lobby  # noqa: PLC0415

    hall = _hall(db, content)
    who = hall.person(person)
    with hall.store.transaction():
        lobby.play(hall, who, lobby.story_of(hall, scenario), afresh=afresh)
    _attend(hall, who, db, person)
    _say_how_to_look_back(hall, who)


@exercise.command("start")
@db_option
@content_option
@person_option
@click.argument("scenario")
def start_command(scenario: str, db: Path | None, content: Path | None, person: str) -> None:
    """Start an exercise for a group, and lead it here."""
    from bot.exercises import lobby  # noqa: PLC0415

    hall = _hall(db, content)
    who = hall.person(f"lead {person}")
    with hall.store.transaction():
        started = lobby.start(hall, who, lobby.story_of(hall, scenario))
    where = f" --db {db}" if db else ""
    click.echo(f"The others join with: thinkchild exercise join {started.join_code} --name NAME{where}")
    _lead(hall, who, db, person)


@exercise.command("lead")
@db_option
@content_option
@person_option
@click.argument("code")
def lead_command(code: str, db: Path | None, content: Path | None, person: str) -> None:
    """Lead an exercise that goes on, with the facilitators' code: to come back, or to take over."""
    hall = _hall(db, content)
    who = hall.person(f"lead {person}")
    _enter(hall, who, code, lead=True)
    _lead(hall, who, db, person)


@exercise.command("join")
@db_option
@content_option
@click.option(
    "--name", required=True, help="What you are called there; choose any name, and the same one to come back."
)
@click.argument("code")
def join_command(code: str, name: str, db: Path | None, content: Path | None) -> None:
    """Join a group's exercise with its code; the same name brings you back to your place."""
    hall = _hall(db, content)
    who = hall.person(f"trainee {' '.join(name.split()).casefold()}")
    if hall.presence.is_taken(who):
        raise SetupError(
            f"Somebody here is already called {name}: choose another name; or, if that was you, try again in a quarter of a minute."
        )
    _enter(hall, who, code, name=name)
    place = hall.place(who)
    _attend(hall, who, db, name)
    seat = hall.store.seat(place.seat.id) if place is not None else None
    if (
        seat is not None
        and seat.run is not None
        and seat.run.scenes
        and hall.place(who) is None
        and _is_over(hall, seat)
    ):
        where = f" --db {db}" if db else ""
        click.echo(f"Yours as a page to print: thinkchild exercise debrief {seat.id} --html debrief.html{where}")


@exercise.command("debrief")
@db_option
@content_option
@click.option("--html", type=click.Path(path_type=Path), help="Write it as a page to print.")
@click.option("--csv", "as_csv", type=click.Path(path_type=Path), help="Write a group's counts as a table.")
@click.argument("which")
def debrief_command(which: str, db: Path | None, content: Path | None, html: Path | None, as_csv: Path | None) -> None:
    """Show or write a debrief: a group's in counts (by its id, or join code), or one's own (by the id shown at the end)."""
    from bot.exercises.in_words import group_in_words, own_in_words  # noqa: PLC0415
    from bot.exercises.pages import group_csv, group_page, own_page  # noqa: PLC0415

    hall = _hall(db, content)
    seat = hall.store.seat(which.lower())  # known to nobody but whoever sat there
    held = _held(hall, which) if seat is None else None
    if held is not None and held.is_group:
        if as_csv is not None:
            put(group_csv(hall.library, hall.store, held.id), as_csv)
        if html is not None:
            put(group_page(hall.library, hall.store, held.id), html)
        if html is None and as_csv is None:
            put(group_in_words(hall.library, hall.store, held.id), None)
        return
    if as_csv is not None:
        raise SetupError("A table is for a group's counts: ask for --html.")
    own = seat.id if seat is not None else _seats(hall, _held(hall, which))[0].id
    put((own_in_words if html is None else own_page)(hall.library, hall.store, own), html)


@exercise.command("replay")
@db_option
@content_option
@click.option(
    "--trainee",
    type=click.IntRange(1),
    default=1,
    show_default=True,
    help="Which one's way, in no order that tells who.",
)
@click.option("--as-test", "as_test", is_flag=True, help="As a text that runs as a test ('thinkchild exercise test').")
@click.option("--out", type=click.Path(path_type=Path), help="Write it to a file.")
@click.argument("which")
def replay_command(
    which: str, db: Path | None, content: Path | None, trainee: int, out: Path | None, *, as_test: bool
) -> None:
    """Go through an exercise again as somebody played it, or turn it into a test."""
    from bot.exercise_examples import as_example, as_text  # noqa: PLC0415

    hall = _hall(db, content)
    held = _held(hall, which)
    seats = _seats(hall, held)
    if trainee > len(seats):
        raise SetupError(f"{len(seats)} took part in that exercise: choose --trainee 1 to {len(seats)}.")
    moves = hall.store.moves(seats[trainee - 1].id)
    put((as_example if as_test else as_text)(hall.library, held.story, moves), out)


@exercise.command("test")
@content_option
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path, exists=True, dir_okay=False))
def test_command(files: tuple[Path, ...], content: Path | None) -> None:
    """Run exercises that were written as tests ('replay --as-test') against the exercises as they now stand."""
    from bot.exercise_examples import parse_example, run_example  # noqa: PLC0415

    hall = _hall(None, content, in_memory=True)
    failed = 0
    for file in files:
        wrong = run_example(parse_example(file.read_text(encoding="utf-8"), file.name), hall.library, hall.stories)
        failed += bool(wrong)
        click.echo(f"{file.name}: {'as written' if not wrong else 'not as written'}")
        for says in wrong:
            click.echo(f"  {says}")
    if failed:
        sys.exit(1)


@exercise.command("erase")
@db_option
@click.option(
    "--older-than", "days", type=click.IntRange(0), help="All that ended, or began, so many days ago or more."
)
@click.argument("which", required=False)
def erase_command(which: str | None, db: Path | None, days: int | None) -> None:
    """Erase an exercise with everybody's part in it, or all old ones: nothing of them is left."""
    from datetime import UTC, datetime  # noqa: PLC0415

    from bot.exercises.keeping import erase, tidy  # noqa: PLC0415
    from bot.exercises.store import ExerciseStore, beside  # noqa: PLC0415

    if (which is None) == (days is None):
        raise SetupError("Name one exercise (its id, or its join code), or give --older-than DAYS, and not both.")
    path = beside(db or default_db())
    if not path.exists():
        raise SetupError(f"There are no exercises kept at {path}.")
    store = ExerciseStore.open(path)
    try:
        if days is not None:
            click.echo(f"Erased: {tidy(store, datetime.now(UTC), days)}.")
            return
        found = _found(store.exercises(), which or "")
        erase(store, found.id)
        click.echo(f"Erased: {found.story.scenario.title}. Nothing of it is left here.")
    finally:
        store.close()


# --- what the commands share --------------------------------------------------------------------------


def _hall(db: Path | None, content: Path | None, *, in_memory: bool = False) -> Hall:
    """Open the hall: the checked library, the exercises that are sound, and the file they are kept in."""
    from bot.exercises.keeping import days_kept, tidy  # noqa: PLC0415
    from bot.exercises.opening import open_hall  # noqa: PLC0415
    from bot.exercises.store import ExerciseStore, beside  # noqa: PLC0415
    from bot.startup import library_beside  # noqa: PLC0415

    days = days_kept(os.environ)
    path = db or default_db()
    library = library_beside(path, content)
    store = ExerciseStore.in_memory() if in_memory else ExerciseStore.open(beside(path))
    click.get_current_context().call_on_close(store.close)
    hall, wrong = open_hall(library, store, channel="terminal", root=content)
    if wrong:
        click.echo(f"Not offered until they are mended ('thinkchild exercise check'): {', '.join(wrong)}.", err=True)
    if not in_memory:
        tidy(store, hall.clock(), days)
    return hall


def _enter(hall: Hall, who: str, code: str, *, name: str = "", lead: bool = False) -> None:
    """Take a code; raises SetupError with the line that refuses it."""
    from bot.exercises import lobby  # noqa: PLC0415
    from bot.exercises.codes import code_of  # noqa: PLC0415
    from bot.exercises.seats import Role  # noqa: PLC0415

    found = hall.store.by_code(code_of(code)) if code_of(code) else None
    if found is not None and (found[1] is Role.LEAD) is not lead:
        says = "That is the join code" if lead else "That is a facilitator's code"
        raise SetupError(f"{says}: use 'thinkchild exercise {'join' if lead else 'lead'} {code}'.")
    with hall.store.transaction():
        refused = lobby.join(hall, who, code, name)
    place = hall.place(who)
    if refused or place is None or (place.seat.run is None and not lead):
        said = [reply["text"] for mail in hall.collect(who) for reply in mail.out["replies"]]
        hall.delivered([mail.id for mail in hall.collect(who)])
        raise SetupError(said[-1].partition("\n")[2] if said else "That did not work: try again.")


def _lead(hall: Hall, who: str, db: Path | None, person: str) -> None:
    from bot.channels.terminal_exercise import LEADS_HINT  # noqa: PLC0415

    place = hall.place(who)
    where = f" --db {db}" if db else ""
    # 'start' again would begin another exercise: the way back is the facilitators' code.
    code = place.exercise.lead_code if place is not None else ""
    _attend(
        hall,
        who,
        db,
        person,
        LEADS_HINT,
        f"The group goes on. To lead it again: thinkchild exercise lead {code}{where}",
    )
    held = hall.store.exercise(place.exercise.id) if place is not None else None
    if held is not None and held.ended_at is not None:
        click.echo(
            f"The group's debrief: thinkchild exercise debrief {held.id} --html group.html --csv group.csv{where}\n"
            f"To erase it now: thinkchild exercise erase {held.id}{where}"
        )


def _attend(
    hall: Hall, who: str, db: Path | None, person: str, hint: str | None = None, kept: str | None = None
) -> None:
    from bot.channels.terminal_exercise import HINT, KEPT, ExerciseTerminal  # noqa: PLC0415

    terminal = ExerciseTerminal(hall, who, sys.stdin, sys.stdout, live=_live(db, person))
    terminal.attend(hint or HINT, kept or KEPT)


def _live(db: Path | None, person: str) -> Callable[[Event], None]:
    """Return what answers when something turns out to be real: the live guidance, at its 999 card or its menu."""

    def answer(opening: Event) -> None:
        from bot.advice_log import AdviceLog  # noqa: PLC0415
        from bot.channels.terminal import Terminal  # noqa: PLC0415
        from bot.session import Desk  # noqa: PLC0415
        from bot.startup import open_library  # noqa: PLC0415

        log = AdviceLog.open(db or default_db())
        desk = Desk(log, open_library(log), area=os.environ.get("THINKCHILD_AREA", "england"))
        Terminal(desk, desk.person(person), sys.stdin, sys.stdout).converse(opening=opening)

    return answer


def _say_how_to_look_back(hall: Hall, who: str) -> None:
    last = next(
        (held for held in hall.store.exercises() if any(seat.person == who for seat in _all_seats(hall, held))), None
    )
    if last is not None and last.ended_at is not None:
        click.echo(f"As a page to print: thinkchild exercise debrief {last.id} --html debrief.html")


def _held(hall: Hall, which: str) -> Exercise:
    return _found(hall.store.exercises(), which)


def _found(kept: list[Exercise], which: str) -> Exercise:
    """Return the exercise that an id or a join code names; raises SetupError when there is none."""
    from bot.exercises.codes import code_of  # noqa: PLC0415

    code = code_of(which)
    found = [held for held in kept if held.id.startswith(which.lower()) or (code and held.join_code == code)]
    if len(found) != 1:
        says = "several exercises" if found else "no exercise that is kept"
        raise SetupError(f"'{which}' names {says}: 'thinkchild exercise list' shows their ids.")
    return found[0]


def _is_over(hall: Hall, seat: Seat) -> bool:
    """Say whether an exercise is over for somebody: they came to its end, or it was ended."""
    from bot.scenarios.run import Stage  # noqa: PLC0415

    held = hall.store.exercise(seat.exercise)
    return (seat.run is not None and seat.run.stage is Stage.OVER) or (held is not None and held.ended_at is not None)


def _seats(hall: Hall, held: Exercise) -> list[Seat]:
    """Return the trainees who began, in an order that says nothing of who joined when."""
    begun = [seat for seat in _all_seats(hall, held) if seat.run is not None]
    if not begun:
        raise SetupError("Nobody has begun that exercise, so there is nothing to look back on.")
    return sorted(begun, key=lambda seat: seat.id)


def _all_seats(hall: Hall, held: Exercise) -> list[Any]:
    from bot.exercises.seats import Role  # noqa: PLC0415

    return hall.store.seats(held.id, Role.TRAINEE)


for command in SCENARIO:
    exercise.add_command(command)
