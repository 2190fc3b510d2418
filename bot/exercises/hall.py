"""Where exercises meet the world: clock, ids, the identifier guard, typed words, and the store.

`Hall.handle` and `Hall.press` are the only ways in. They are idempotent: the same key is taken once. Everything a move
changes, and everything that is to be said because of it, is kept in one transaction; channels then deliver the mail.
Nothing of an exercise ever reaches the advice log, and nobody is ever told to ring anybody real.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from bot import access
from bot.clock import read, stamp
from bot.events import Do
from bot.exercises import leading, lobby, reality
from bot.exercises.heard import Heard
from bot.exercises.hearing import Hearing, command_of, is_word
from bot.exercises.presence import Presence
from bot.exercises.reflections import Reflections
from bot.exercises.seats import Role
from bot.exercises.speaking import open_mark, out_of
from bot.guard import identifiers
from bot.scenarios import asking, play
from bot.scenarios.asking import Table
from bot.scenarios.moves import (
    CARRY_ON,
    DANGER,
    ERASE,
    ERASE_NOW,
    LEAVE,
    PAGE,
    REAL,
    REAL_CHILD,
    Again,
    Asked,
    Guided,
    Happened,
    Opened,
    Tapped,
    Why,
    Wrote,
)
from bot.scenarios.recorded import move_out
from bot.scenarios.run import Stage

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from bot.events import Event, OptionShown, Reply
    from bot.exercises.seats import Exercise, Mail, Seat
    from bot.exercises.store import ExerciseStore
    from bot.library import Library
    from bot.meaning import Keeps
    from bot.scenarios.moves import Move
    from bot.scenarios.play import Played
    from bot.scenarios.story import Story

QUIET = timedelta(minutes=30)
"""After this long, typed words may be about a real child: it is asked."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where somebody sits: their seat, and its exercise."""

    exercise: Exercise
    seat: Seat


class Hall:
    """Takes what people send in exercises, on one channel, and puts what is said to them into the post."""

    def __init__(
        self,
        store: ExerciseStore,
        library: Library,
        stories: Mapping[str, Story],
        *,
        keeper: Keeps,
        channel: str = "terminal",
        trainers: Collection[str] | None = None,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.store, self.stories, self.channel, self.clock = store, dict(stories), channel, clock
        self.library = library.at("england", clock().date().isoformat())
        self.hearing = Hearing(self.library, keeper)
        self._known: set[str] = set()
        self._trainers = None if trainers is None else frozenset(map(self.person, trainers))
        self.presence = Presence(store, clock)
        self.in_terminal = channel == "terminal"
        """Nothing can be tapped once it is over there: the commands say what can be done."""
        self.invite: Callable[[str], str] = lambda _: ""
        """Code -> a link that leads straight to it, where there are links."""
        self.reflections = Reflections()

    def person(self, outside_id: str) -> str:
        """Return somebody of this channel as a pseudonym of exercises."""
        return self.store.person(self.channel, outside_id)

    def know(self, person: str, *, trainer: bool) -> None:
        """Note whether a channel knows somebody as a trainer; never kept, since it ties this pseudonym to another."""
        (self._known.add if trainer else self._known.discard)(person)

    def may_lead(self, person: str) -> bool:
        """Say whether somebody may start a group here; None as the list of trainers makes everybody one."""
        is_trainer = self._trainers is None or person in self._trainers or person in self._known
        roles = frozenset({access.Role.TRAINER}) if is_trainer else frozenset[access.Role]()
        return access.may(access.Person(person, roles), access.Action.LEAD_EXERCISES)

    def number_of(self, person: str) -> str:
        """Return the number by which somebody can be made a trainer: their own, shown to them alone."""
        address = self.store.address(person)
        return address[1] if address else ""

    def place(self, person: str) -> Place | None:
        """Return where somebody sits now."""
        seat = self.store.current(person)
        exercise = self.store.exercise(seat.exercise) if seat is not None else None
        return self.at(exercise, seat) if seat is not None and exercise is not None else None

    def table(self, exercise: Exercise) -> Table:
        """Return what an exercise is played from."""
        return Table(self.library, exercise.story, exercise.group)

    def at(self, exercise: Exercise, seat: Seat) -> Place:
        """Return a place; live guidance that began with other content begins again, as what it asked may be gone."""
        if seat.run is not None and seat.run.guide and seat.run.guided_by != self.library.version:
            seat = replace(seat, run=replace(seat.run, guide=""))
        return Place(exercise, seat)

    # --- what comes in ----------------------------------------------------------------------------------

    def handle(self, person: str, given: Event | str, key: str) -> Heard:
        """Take one event or typed words; raises StoreError when it could not be kept, and then nothing of it was."""
        with self.store.transaction():
            if self.store.is_known(key):
                return Heard.REAL if self.store.was_real(key) else Heard.REPEATED
            place = self.place(person)
            if place is None:
                return Heard.ELSEWHERE
            heard = self._taken(place, given)
            self.store.add_move(place.seat.id, "", key, stamp(self.clock()))
            self.store.change_seat(place.seat.id, last_at=stamp(self.clock()))
            return heard

    def press(self, person: str, nonce: str, option: str, key: str) -> Heard:
        """Take a pressed button; a late one changes nothing. An option of the lobby needs no seat."""
        mail = self.store.posted(nonce)
        if mail is None or mail.person != person:
            return Heard.REFUSED
        heard = self._pressed(person, mail, option, key)
        if option == ERASE_NOW:
            self.store.leave_no_trace()
        return heard

    def _pressed(self, person: str, mail: Mail, option: str, key: str) -> Heard:
        with self.store.transaction():
            if self.store.is_known(key):
                return Heard.REAL if self.store.was_real(key) else Heard.REPEATED
            place = self.place(person)
            if not mail.out["exercise"]:  # answered once: two taps start no two groups
                return lobby.chosen(self, person, option) if self.store.answer(mail.nonce) else Heard.STALE
            if option in (ERASE, ERASE_NOW):
                return leading.after_the_end(self, person, mail.out["exercise"], option)
            if place is None:
                return {REAL: Heard.REAL, REAL_CHILD: Heard.REAL_CHILD}.get(option, Heard.STALE)
            late = mail.out["exercise"] != place.exercise.id
            if option != LEAVE and not (place.seat.role is Role.LEAD and option in leading.ALWAYS):
                late = late or mail.out["open"] != open_mark(place.exercise, place.seat)
            if late and option not in (REAL, REAL_CHILD, DANGER):
                return Heard.STALE
            heard = self.take_option(place, option)
            self.store.add_move(place.seat.id, "", key, stamp(self.clock()))
            self.store.change_seat(place.seat.id, last_at=stamp(self.clock()))
            return heard

    def press_event(self, person: str, nonce: str, event: Event, key: str) -> Heard:
        """Take marks, or several options at once, that were pressed in the live guidance inside an exercise."""
        mail, place = self.store.posted(nonce), self.place(person)
        if mail is None or mail.person != person:
            return Heard.REFUSED
        if place is None or open_mark(place.exercise, place.seat) != mail.out["open"]:
            return Heard.STALE
        return self.handle(person, event, key)

    def _taken(self, place: Place, given: Event | str) -> Heard:
        """Take what was typed or done, inside the open transaction."""
        if not isinstance(given, str):
            return self._event(place, given)
        words = given.strip()
        if place.seat.asking:
            return reality.answered(self, place, words)
        if is_word(words, "real"):
            return reality.leave(self, place, real=True)
        if is_word(words, "danger"):
            return self.take_option(place, DANGER)
        if is_word(words, "leave"):
            return reality.leave(self, place)
        seat = place.seat
        quiet = self.clock() - read(seat.last_at) > QUIET
        if quiet and not self.hearing.fits(self.question(place), words):
            return reality.ask(self, place, "exercise_still_in")
        if seat.role is Role.LEAD:
            return leading.typed(self, place, words)
        if seat.run is None:
            return lobby.named(self, place, words)
        if not self._guided(place) and (asked := command_of(words)) is not None:
            return self._event(place, asked)
        if identifiers(self.hearing.without_cast(place.exercise.story, words)):
            self.say(place, self.line("exercise_guarded"), self.question(place))
            return Heard.GUARDED
        return self._typed(place, words)

    def _event(self, place: Place, event: Event) -> Heard:
        """Take an event that is no typed text."""
        if isinstance(event, Do):
            if event.command == "danger":
                return self.take_option(place, DANGER)
            if event.command == "stop":
                return reality.leave(self, place)
            if place.seat.asking or place.seat.run is None:
                self.say(place, self.question(place))
                return Heard.TAKEN
            if event.command in ("again", "begin", "resume", "help", "menu"):
                helped = (self.line("exercise_help"),) if event.command == "help" else ()
                self.move(place, Again(self.seconds(place)), before=helped)
                return Heard.TAKEN
            if event.command == "why" and not self._guided(place):
                self.move(place, Why(self.seconds(place)))
                return Heard.TAKEN
        if self._guided(place):
            self.move(place, Guided(event, self.seconds(place)))
            return Heard.TAKEN
        self.say(place, self.line("exercise_live_first"), self.question(place))
        return Heard.TAKEN

    def _typed(self, place: Place, words: str) -> Heard:
        """Take what a trainee typed: an answer, a question, a reflection, or words to the live guidance."""
        run = place.seat.run
        assert run is not None  # a trainee with a name has one
        alarm = (self.line("exercise_if_real"),) if self.hearing.alarms(words) else ()
        asked = self.question(place)
        option = self.hearing.option(asked, words, surely=run.stage in (Stage.ASKING, Stage.REFLECTING))
        at = self.seconds(place)
        move: Move
        if option is not None:
            return self.take_option(place, option, before=alarm)
        if self._guided(place):
            understood = self.hearing.understood(run.guide, words)
            move, alarm = Guided(understood.event, at), (*alarm, *understood.said)
        elif run.stage is Stage.REFLECTING and not words.isdigit():  # a number is a slip
            self.reflections.write(place, words)
            move = Wrote(at)
        elif run.stage is Stage.ASKING:
            table = self.table(place.exercise)
            fact = self.hearing.fact(place.exercise.story, words, asking.heard_of(table, run))
            option = None if fact else self.hearing.option(asked, words)
            if not fact and option is None:
                fact = self.hearing.option(asking.known_question(table, run), words) or ""
            move = Tapped(option, at) if option else Asked(fact, at)
        else:
            move = Asked("", at)
        self.move(place, move, before=alarm)
        return Heard.TAKEN

    def take_option(self, place: Place, option: str, *, before: tuple[Reply, ...] = ()) -> Heard:
        """Take one of the options on offer."""
        if option == LEAVE:
            return reality.leave(self, place)
        if option == REAL:
            return reality.leave(self, place, real=True)
        if option == REAL_CHILD:
            return reality.leave(self, place, child=True)
        if option == DANGER:
            return reality.ask(self, place, "exercise_real_or_not")
        if option == CARRY_ON and place.seat.asking:
            self.store.change_seat(place.seat.id, asking="")
            there = replace(place, seat=replace(place.seat, asking=""))
            self.say(there, self.question(there))
            return Heard.TAKEN
        if place.seat.role is Role.LEAD:
            return leading.chosen(self, place, option)
        self.reflections.decided(self, place, option)
        self.move(place, Tapped(option, self.seconds(place)), before=before)
        return Heard.TAKEN

    # --- moves ------------------------------------------------------------------------------------------

    def move(self, place: Place, move: Move, *, before: tuple[Reply, ...] = ()) -> Played | None:
        """Make a trainee's move inside the open transaction, keep it, and put what it says into the post."""
        exercise, seat = place.exercise, place.seat
        if seat.run is None:
            return None
        if exercise.held and not isinstance(move, Happened | Opened):
            self.say(place, *before, self.line("exercise_held"))
            return None
        played = play.step(self.table(exercise), seat.run, move)
        self._keep(place, played, move_out(move, exercise.group))
        if played.said or before:
            ended = played.run.stage is Stage.OVER and seat.run.stage is not Stage.OVER
            said = self.with_page(played.said) if ended else played.said
            self.say(replace(place, seat=replace(seat, run=played.run)), *before, *said)
        if played.run.stage is Stage.OVER and seat.run.stage is not Stage.OVER:
            self.finish(place)
        return played

    def begin(self, place: Place) -> None:
        """Open the exercise for a trainee inside the open transaction."""
        played = play.begin(self.table(place.exercise))
        self._keep(place, played, move_out(None, place.exercise.group))
        self.say(replace(place, seat=replace(place.seat, run=played.run)), *played.said)

    def finish(self, place: Place) -> None:
        """Let a trainee go who has had their debrief: from here on, what they send is real."""
        self.store.change_seat(place.seat.id, gone=1, due_at=None)
        if not place.exercise.is_group:
            self.store.change(place.exercise.id, ended_at=stamp(self.clock()))

    def _keep(self, place: Place, played: Played, move: str) -> None:
        table, now = self.table(place.exercise), self.clock()
        second = play.due(table, played.run)
        due_at = None if second is None else stamp(read(place.seat.began_at) + timedelta(seconds=second))
        self.store.save_run(place.seat.id, played.run, due_at)
        self.store.add_move(place.seat.id, move, None, stamp(now))
        if place.exercise.is_group:
            self.store.change(place.exercise.id)

    def tick(self) -> None:
        """Let happen what the clock brings."""
        now = self.clock()
        for identity in self.store.due(stamp(now)):
            with self.store.transaction():
                seat = self.store.seat(identity)
                exercise = self.store.exercise(seat.exercise) if seat is not None else None
                if (
                    seat is None
                    or exercise is None
                    or seat.run is None
                    or exercise.ended_at is not None
                    or exercise.held
                ):
                    continue
                place = self.at(exercise, seat)
                for inject in play.timed(self.table(exercise), seat.run, self.seconds(place)):
                    self.move(place, Happened(inject, self.seconds(place)))
                    seat = self.store.seat(identity) or seat
                    place = self.at(exercise, seat)

    # --- saying -----------------------------------------------------------------------------------------

    def line(self, line_id: str, **values: str) -> Reply:
        """Return a fixed line."""
        return self.hearing.line(line_id, **values)

    def shown(self, option: str) -> OptionShown:
        """Return one of the program's own options, in the words of the content."""
        return asking.shown(self.library, option)

    def seconds(self, place: Place) -> int:
        """Return how long somebody has been in the exercise, in seconds."""
        return max(0, int((self.clock() - read(place.seat.began_at)).total_seconds()))

    def _guided(self, place: Place) -> bool:
        return place.seat.run is not None and bool(place.seat.run.guide)

    def question(self, place: Place) -> Reply:
        """Return what is open at a seat."""
        if place.seat.asking:
            return reality.question(self)
        if place.seat.role is Role.LEAD:
            return leading.board(self, place.exercise)
        if place.seat.run is None:
            return self.line("exercise_ask_name", title=place.exercise.story.scenario.title)
        return asking.question(self.table(place.exercise), place.seat.run)

    def say(self, place: Place, *replies: Reply) -> None:
        """Put something into somebody's post, inside the open transaction."""
        if not replies:
            return
        opened = open_mark(place.exercise, place.seat)
        scene = place.seat.run.scene if place.seat.run is not None else place.seat.role
        out = out_of(self.library, replies, exercise=place.exercise.id, step=str(scene), opened=opened)
        self.store.add_mail(place.seat.person, place.exercise.id, out, stamp(self.clock()))

    def with_page(self, said: tuple[Reply, ...]) -> tuple[Reply, ...]:
        """Offer a debrief as a page, where one can be sent; a terminal has a command for that."""
        page = () if self.in_terminal else (self.shown(PAGE),)
        return (*said[:-1], replace(said[-1], options=page))

    def collect(self, person: str) -> list[Mail]:
        """Return what waits to be shown to somebody."""
        return self.store.waiting(person)

    def delivered(self, mail: list[int]) -> None:
        """Note that mail was shown."""
        self.store.delivered(mail, stamp(self.clock()))
