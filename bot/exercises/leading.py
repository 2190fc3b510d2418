"""What a facilitator can do: open holding points, stop everybody, let things happen, look, say, note, end. Counts, never names."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from bot.asking import cut
from bot.clock import stamp
from bot.events import OptionShown, Reply
from bot.exercises import lobby
from bot.exercises.heard import Heard
from bot.exercises.seats import GONE_FOR_REAL, Role
from bot.guard import identifiers
from bot.models import ReplyKind
from bot.scenarios.asking import waits
from bot.scenarios.debrief import debrief_replies
from bot.scenarios.group import picture
from bot.scenarios.moves import ERASE, ERASE_NOW, OWN, PAGE, TABLE, Again, Happened, Opened
from bot.scenarios.run import Stage

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bot.exercises.hall import Hall, Place
    from bot.exercises.seats import Exercise, Seat
    from bot.scenarios.group import Picture
    from bot.scenarios.run import Run

BUTTONS = ("next", "hold", "inject", "show", "who", "end")
"""What stands on the board; typed, the same words work."""
ALWAYS = frozenset({"do:show", "do:who", PAGE, TABLE})
"""What may be tapped on an old message too: it only looks."""
LONGEST_SAID, LONGEST_LABEL = 500, 60


def board(hall: Hall, exercise: Exercise) -> Reply:
    """Return the facilitator's picture with what they can do."""
    said = hall.line("exercise_board", title=exercise.story.scenario.title, answers="\n".join(_lines(hall, exercise)))
    return replace(said, kind=ReplyKind.ASK, options=tuple(hall.shown(f"{OWN}{one}") for one in BUTTONS))


def picture_of(hall: Hall, exercise: Exercise) -> Picture:
    """Return where the group stands."""
    runs: dict[bool, list[Run]] = {False: [], True: []}
    for seat in hall.store.seats(exercise.id, Role.TRAINEE):
        if seat.run is not None:
            runs[_is_away(hall, seat)].append(seat.run)
    return picture(exercise.story, runs[False], exercise.opened, runs[True])


def _is_away(hall: Hall, seat: Seat) -> bool:
    """Say whether somebody left before the end: for something real, or because a terminal was closed."""
    if seat.run is None or seat.run.stage is Stage.OVER:
        return False
    return bool(seat.gone) or hall.presence.is_closed(seat.person)


def _lines(hall: Hall, exercise: Exercise) -> Iterator[str]:
    """Yield the picture as lines: who is where, and in each scene that is being played what was found and decided."""
    seen = picture_of(hall, exercise)
    away = f", {seen.away} away" if seen.away else ""
    yield f"{exercise.join_code} · {seen.people - seen.away} here{away}, {seen.waiting} waiting, {seen.over} finished"
    if exercise.held:
        yield hall.library.lines["exercise_held_lead"].text
    for scene, count in seen.scenes:
        yield f"{scene.title}: {count} here"
        facts, options = seen.of_scene(scene.id)
        for fact in facts:
            only_typed = f"(own words) {cut(fact.fact.text, LONGEST_LABEL)}"
            yield f"  {fact.found} of {fact.there}  {fact.fact.prompt or only_typed}"
        for option in options:
            if option.decided:
                yield f"  {option.chosen} of {option.decided}  {option.option.label}"
        if scene.hold is not None and scene.id in seen.stopped:
            yield f"To talk over: {scene.hold.discuss}"
            yield from (f"  listen for: {one}" for one in scene.hold.listen_for)


# --- what comes in ------------------------------------------------------------------------------------


def typed(hall: Hall, place: Place, words: str) -> Heard:
    """Take what a facilitator typed."""
    name, _, rest = words.partition(" ")
    name = name.lower().lstrip("/").rstrip(":")
    option = hall.hearing.option(_last_asked(hall, place), words)
    if name in ("say", "note", "inject") and rest.strip():
        _with_words(hall, place, name, rest.strip())
    elif name in ("say", "note"):
        hall.say(place, hall.line("exercise_say_what"))
    elif option is not None or name in BUTTONS:
        return chosen(hall, place, option or name)
    else:
        alarm = (hall.line("exercise_if_real"),) if hall.hearing.alarms(words) else ()
        hall.say(place, *alarm, hall.line("exercise_board_help"), board(hall, place.exercise))
    return Heard.TAKEN


def _last_asked(hall: Hall, place: Place) -> Reply:
    """Return what a facilitator was asked last: numbers and words answer that, and no board from before."""
    asked = hall.store.last_asked(place.seat.person)
    if asked is None:
        return board(hall, place.exercise)
    options = tuple(OptionShown(one["id"], one["label"], one["short"]) for one in asked["options"])
    return Reply(ReplyKind.ASK, "", options=options)


def chosen(hall: Hall, place: Place, option: str) -> Heard:
    """Take what a facilitator tapped."""
    match option.removeprefix(OWN).partition("."):
        case ("next", _, _):
            _next(hall, place)
        case ("hold", _, _):
            _hold(hall, place)
        case ("inject", _, ""):
            _which_inject(hall, place)
        case ("inject", _, inject):
            _send(hall, place, inject)
        case ("who", _, _):
            names = ", ".join(hall.store.names(place.exercise.id))
            hall.say(place, _who(hall, names))
        case ("end", _, _):
            sure = hall.line("exercise_end_sure")
            options = (hall.shown(f"{OWN}end_now"), hall.shown(f"{OWN}not_yet"))
            hall.say(place, replace(sure, kind=ReplyKind.ASK, options=options))
        case ("end_now", _, _):
            end(hall, place)
        case _:
            hall.say(place, board(hall, place.exercise))
    return Heard.TAKEN


def _who(hall: Hall, names: str) -> Reply:
    return hall.line("exercise_board", title=names, answers="") if names else hall.line("exercise_nobody_here")


def _with_words(hall: Hall, place: Place, name: str, words: str) -> None:
    """Take words of the facilitator's own: to all, for the debrief, or the name of an inject."""
    words = words[:LONGEST_SAID]
    if name == "inject":
        found = [one for one in _ready(hall, place.exercise) if words.lower() in (one, one.partition(".")[2])]
        if found:
            _send(hall, place, found[0])
        else:
            _which_inject(hall, place)
        return
    if identifiers(hall.hearing.without_cast(place.exercise.story, words)):
        hall.say(place, hall.line("exercise_guarded"))
    elif name == "note":
        # Where most of the group is, the later one if two are as full.
        played = picture_of(hall, place.exercise).scenes
        scene = max(reversed(played), key=lambda one: one[1])[0].id if played else ""
        hall.store.add_note(place.exercise.id, "note", None, scene, words, stamp(hall.clock()))
        hall.say(place, hall.line("exercise_noted"))
    else:
        there = [hall.at(place.exercise, seat) for seat in _trainees(hall, place.exercise)]
        for one in there:
            hall.say(one, hall.line("exercise_from_facilitator", answers=words))
        hall.say(place, hall.line("exercise_sent_to", count=str(len(there))))


def _trainees(hall: Hall, exercise: Exercise) -> list[Seat]:
    """Return who is there: somebody who left, for something real perhaps, hears no more of the exercise."""
    there = hall.store.seats(exercise.id, Role.TRAINEE)
    return [seat for seat in there if seat.run is not None and not seat.gone]


# --- what it does -------------------------------------------------------------------------------------


def _next(hall: Hall, place: Place) -> None:
    """Let a stopped group go on; else open the holding point that somebody waits at."""
    exercise = place.exercise
    if exercise.held:
        hall.store.change(exercise.id, held=0)
        going = replace(exercise, held=False)
        for seat in _trainees(hall, exercise):
            hall.move(
                hall.at(going, seat), Again(hall.seconds(hall.at(going, seat))), before=(hall.line("exercise_goes_on"),)
            )
        hall.say(hall.at(going, place.seat), board(hall, going))
        return
    there = _trainees(hall, exercise)
    waiting = [seat for seat in there if seat.run is not None and waits(hall.table(exercise), seat.run)]
    if not waiting:
        says = "exercise_nobody_waits" if there else "exercise_nobody_here"
        hall.say(place, hall.line(says), board(hall, exercise))
        return
    opened = replace(exercise, opened=exercise.opened + 1)
    hall.store.change(exercise.id, opened=opened.opened)
    for seat in waiting:
        here = hall.at(opened, seat)
        hall.move(here, Opened(hall.seconds(here)))
    hall.say(hall.at(opened, place.seat), board(hall, opened))


def _hold(hall: Hall, place: Place) -> None:
    """Stop everybody where they are."""
    hall.store.change(place.exercise.id, held=1)
    held = replace(place.exercise, held=True)
    for seat in _trainees(hall, held):
        hall.say(hall.at(held, seat), hall.line("exercise_held"))
    hall.say(hall.at(held, place.seat), board(hall, held))


def _ready(hall: Hall, exercise: Exercise) -> list[str]:
    """Return the injects that could be sent now, as `scene.inject`: what follows a decision comes by itself."""
    here = {scene.id: scene for scene, _ in picture_of(hall, exercise).scenes}
    return [
        f"{scene.id}.{one.id}"
        for scene in here.values()
        for one in scene.injects
        if not one.after and f"{scene.id}.{one.id}" not in exercise.sent
    ]


def _which_inject(hall: Hall, place: Place) -> None:
    ready = _ready(hall, place.exercise)
    if not ready:
        hall.say(place, hall.line("exercise_no_inject"))
        return
    options = []
    for one in ready:
        scene, _, inject = one.partition(".")
        text = place.exercise.story.inject(scene, inject).text
        options.append(OptionShown(f"inject.{one}", cut(f"{inject}: {text}", LONGEST_LABEL), inject[:20]))
    asked = hall.line("exercise_which_inject")
    hall.say(place, replace(asked, kind=ReplyKind.ASK, options=tuple(options)))


def _send(hall: Hall, place: Place, inject: str) -> None:
    """Let something happen to everybody in its scene, and to whoever comes into it later."""
    if inject not in _ready(hall, place.exercise):
        hall.say(place, hall.line("exercise_overtaken"), board(hall, place.exercise))
        return
    sent = replace(place.exercise, sent=(*place.exercise.sent, inject))
    hall.store.change(sent.id, sent=sent.sent)
    count = 0
    for seat in _trainees(hall, sent):
        here = hall.at(sent, seat)
        played = hall.move(here, Happened(inject, hall.seconds(here)))
        count += played is not None and bool(played.said)
    here = hall.at(sent, place.seat)
    hall.say(here, hall.line("exercise_sent_to", count=str(count)), board(hall, sent))


def end(hall: Hall, place: Place) -> None:
    """End the exercise for everybody: each gets their own debrief, the facilitators the group's."""
    exercise = place.exercise
    last = board(hall, exercise)  # as it stands: once they are let go, nobody is here
    for seat in hall.store.seats(exercise.id, Role.TRAINEE):
        run = seat.run
        if run is None or run.stage is Stage.OVER or seat.gone == GONE_FOR_REAL:
            continue
        here = hall.at(exercise, replace(seat, run=replace(run, stage=Stage.OVER)))
        said: tuple[Reply, ...] = (hall.line("exercise_over"),)
        if run.scenes:
            early = hall.line("exercise_ended_early")
            said = hall.with_page((early, *debrief_replies(hall.table(exercise), run)))
        hall.say(here, *said)
        hall.finish(here)
    hall.store.change(exercise.id, ended_at=stamp(hall.clock()))
    for seat in hall.store.seats(exercise.id, Role.LEAD):
        here = hall.at(exercise, seat)
        if hall.in_terminal:
            hall.say(here, hall.line("exercise_ended"), replace(last, options=()))
            continue
        ended = replace(
            hall.line("exercise_ended"),
            kind=ReplyKind.ASK,
            options=(hall.shown(PAGE), hall.shown(TABLE), hall.shown(ERASE)),
        )
        hall.say(here, last, ended)


def after_the_end(hall: Hall, person: str, exercise_id: str, option: str) -> Heard:
    """Take what a facilitator taps when it is over: erase it, once they are sure; inside the open transaction."""
    exercise = hall.store.exercise(exercise_id)
    seat = hall.store.seat_in(exercise_id, person, Role.LEAD)
    if exercise is None or seat is None or exercise.ended_at is None:
        return Heard.STALE
    if option == ERASE:
        sure = hall.line("exercise_erase_sure")
        options = (hall.shown(ERASE_NOW), hall.shown(PAGE))
        hall.say(hall.at(exercise, seat), replace(sure, kind=ReplyKind.ASK, options=options))
        return Heard.TAKEN
    hall.store.remove(exercise.id)
    lobby.post(hall, person, hall.line("exercise_erased", title=exercise.story.scenario.title))
    return Heard.TAKEN
