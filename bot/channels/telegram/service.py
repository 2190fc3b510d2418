"""The process that answers on Telegram: it starts once, hears, reminds, and ends cleanly when told to."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import logging
import os
import re
import signal
import sys
import time
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, TypeVar

from telegram import BotCommand
from telegram.error import BadRequest, InvalidToken, RetryAfter, TelegramError
from telegram.ext import ApplicationBuilder, TypeHandler
from telegram.request import HTTPXRequest

from bot.access import Action, may
from bot.advice_log import AdviceLog
from bot.areas import release_problems
from bot.channels.telegram.channel import Channel
from bot.channels.telegram.exercise_post import Post, prepare_stories
from bot.channels.telegram.exercising import Exercising
from bot.channels.telegram.incoming import CHANNEL, ChatLocks, DurableQueue, Incoming, InOrder
from bot.channels.telegram.outgoing import Outgoing
from bot.channels.telegram.polling import KeepingBot, Polling, PollRequest
from bot.channels.telegram.pulse import Pulse
from bot.channels.telegram.sending import AT_ONCE, BESIDE, Sender
from bot.channels.telegram.settings import BASE_URL, TOKEN, WEBHOOK_URL
from bot.channels.telegram.tries import Tries
from bot.channels.telegram.watchdog import REVOKED, STUCK, Watchdog, notify
from bot.discreet import log_discreetly, where
from bot.door import Door
from bot.errors import SetupError, StoreError
from bot.exercises.opening import open_hall
from bot.exercises.store import ExerciseStore, beside
from bot.health import ANSWERING, BEAT_SECONDS, ENDING, lock_beside
from bot.session import Desk
from bot.signing import is_offered
from bot.startup import open_library, second_matcher

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator
    from pathlib import Path

    from telegram import Bot

    from bot.access import Person
    from bot.channels.telegram.hearing import AnyApplication, Hearing
    from bot.channels.telegram.settings import Settings
    from bot.door import Rules
    from bot.exercises.hall import Hall
    from bot.library import Library

Result = TypeVar("Result")
LOGGER = logging.getLogger(__name__)
REFUSED = f"Telegram refused the token: ask @BotFather for the right one (/mybots) and set {TOKEN} to it."
REFUSALS_AT_START = 3
"""Refusals in a row, within three seconds, before we believe at the start that the token is wrong."""
LOCK_TRIES = 10
LONGEST_DESCRIPTION = 512
LONGEST_COMMAND_TEXT, MOST_COMMANDS = 256, 100
COMMAND = re.compile(r"[a-z0-9_]{1,32}")
COMMAND_TEXTS = {
    "danger": "999: danger now",
    "menu": "All situations",
    "back": "Back to the last question",
    "why": "Where the last answer comes from",
    "change": "Change an earlier answer",
    "resume": "Carry on where you stopped",
    "receipt": "What you were advised, as a page",
    "search": "Look up a rule: /search and a word or two",
    "exercise": "Exercises: invented cases to practise on",
    "join": "Join an exercise: /join and its code",
    "leave": "Leave the exercise",
    "stop_reminders": "No more reminders",
    "stop": "Stop here",
    "help": "How to use this",
}


def answer(
    log_path: Path,
    area: str,
    given: Settings,
    *,
    require_signed: bool = False,
    learn: bool = False,
    rules: Rules | None = None,
) -> int:
    """Answer until told to stop; returns the exit code: 0, or those of `watchdog`."""
    os.environ.setdefault("PTB_TIMEDELTA", "1")  # the newer form of its waiting times: the older one warns
    if find_spec("sniffio") is None:
        # The HTTP library looks for this package several times in every call: that it is missing is said once instead.
        sys.modules["sniffio"] = None  # type: ignore[assignment]
    log_discreetly(given.token.partition(":")[2])
    with _alone(log_path):
        log = AdviceLog.open(log_path)
        try:
            library = open_library(log)
            nlu = second_matcher(library)
            desk = Desk(
                log,
                library,
                area=area,
                channel=CHANNEL,
                can_remind=True,
                require_signed=require_signed,
                nlu=nlu,
                learn=learn,
                door=Door(log, rules),
            )
            LOGGER.info("%s", desk.door.notice())
            warn_of(desk)
            desk.prepare()
            hall = _hall(desk.library, log_path, given)
            try:
                with Watchdog(given.stuck_seconds, given.deaf_seconds) as watchdog:
                    return asyncio.run(_serve(desk, hall, given, watchdog))
            finally:
                if hall is not None:
                    hall.store.close()
        finally:
            log.close()


def warn_of(desk: Desk) -> None:
    """Say in the log why the area pack is not fit for real work: it is used all the same, since its lines say so too."""
    today = desk.clock().date().isoformat()
    for problem in release_problems(desk.library.areas[desk.area], today) if desk.area != "england" else ():
        LOGGER.warning("Not for real work: %s", problem)


def _hall(library: Library, log_path: Path, given: Settings) -> Hall | None:
    """Open the exercises; None, and a line in the log, where that can't be done: live guidance goes on without them."""
    try:
        store = ExerciseStore.open(beside(log_path))
        hall, broken = open_hall(library, store, channel=CHANNEL, trainers=given.trainers)
    except StoreError as error:
        LOGGER.error("There are no exercises: %s", error)  # noqa: TRY400 - its one sentence says what to do
        return None
    if broken:
        LOGGER.warning("Not offered, because something is wrong with them: %s.", ", ".join(broken))
    return hall


@contextlib.contextmanager
def _alone(log_path: Path) -> Iterator[None]:
    """Hold the lock that keeps a second process from answering the same people; it goes when we do."""
    path = lock_beside(log_path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        held = path.open("a")
    except OSError as error:
        says = f"The lock file {path} cannot be written ({error.strerror}): name another database with --db."
        raise SetupError(says) from None
    with held:
        for left in range(LOCK_TRIES, -1, -1):
            try:
                fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except OSError:
                if not left:
                    says = f"Another process is already answering on Telegram from {log_path}: stop that one first."
                    raise SetupError(says) from None
                time.sleep(0.1)  # 'thinkchild health' holds it for a moment, to see whether it is free
        yield


async def _serve(desk: Desk, hall: Hall | None, given: Settings, watchdog: Watchdog) -> int:
    """Build, start, wait for the end, and stop in the order that loses nothing; returns the exit code."""
    told, stop = _told(), asyncio.Event()
    beside = [asyncio.create_task(_pass_on(told, stop)), asyncio.create_task(watchdog.run(stop))]
    locks, tries = ChatLocks(), Tries(desk.log)
    queue = DurableQueue(desk, given.bot_id, locks, tries)
    application, hearing = _build(given, queue, locks, stop)
    sender = Sender(application.bot, lambda: desk.line_text("sent_again"))
    pulse = Pulse(desk.log, hearing, queue, min(BEAT_SECONDS, given.reminder_seconds), given.deaf_seconds)
    beside.append(asyncio.create_task(pulse.run()))

    async def until(action: Callable[[], Awaitable[Result]]) -> Result:
        return await _until(action, stop)

    try:
        # Before Telegram is there: systemd's patience with a start is shorter than an outage may be.
        notify("READY=1\nSTATUS=Waiting for Telegram.")
        await until(application.initialize)
        queue.username = application.bot.username
        outgoing = Outgoing(desk, sender, locks, queue.together)
        post = Post(hall, outgoing, given.exercise_days) if hall is not None else None
        exercises = Exercising(hall, post, desk, queue.username) if hall is not None and post is not None else None
        channel = Channel(desk, outgoing, queue.username, tries, exercises)

        async def take(update: Incoming, _: Any) -> None:  # noqa: ANN401 - PTB's context, which we have no use for
            await channel.take(update)

        application.add_handler(TypeHandler(Incoming, take))
        application.add_error_handler(_log_error)
        beside.append(asyncio.create_task(outgoing.resend(everything=True)))
        if hall is not None and post is not None:
            queue.may_send = lambda user: hall.may_lead(hall.person(user)) or is_trainer(desk.person(user))
            post.recover()
            beside.append(asyncio.create_task(post.run()))
            beside.append(asyncio.create_task(prepare_stories(hall)))
        await asyncio.sleep(0)  # what was said before takes its chats first: it comes before what is asked next
        queue.recover()
        await application.start()
        beside.append(asyncio.create_task(_introduce(application.bot, desk.library)))
        await hearing.begin(application, until)
        watchdog.hearing = hearing
        beside.append(asyncio.create_task(_tick(outgoing, given.reminder_seconds)))
        pulse.state = ANSWERING
        notify(f"STATUS=Answering by {hearing.mode}.")
        LOGGER.info("Answering as @%s, by %s.", queue.username, hearing.mode)
        await stop.wait()
        LOGGER.info("Stopping.")
    except StoppedEarlyError:
        pass
    finally:
        pulse.state = ENDING
        notify("STOPPING=1")
        sender.stop()
        await _wind_down(application, hearing, beside)
    if hearing.refused:
        LOGGER.error("%s", REFUSED)
        return REVOKED
    return 0 if told.is_set() else STUCK


def _told() -> asyncio.Event:
    """Return what is set when somebody tells this process to end."""
    told = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, told.set)
    return told


async def _pass_on(told: asyncio.Event, stop: asyncio.Event) -> None:
    """Stop when told to."""
    await told.wait()
    stop.set()


def _build(
    given: Settings, queue: DurableQueue, locks: ChatLocks, stop: asyncio.Event
) -> tuple[AnyApplication, Hearing]:
    """Make what PTB needs, and what brings updates into its queue."""
    hearing: Hearing
    polls = PollRequest(stop)
    bot = KeepingBot(queue, given, polls, HTTPXRequest(connection_pool_size=AT_ONCE + BESIDE, pool_timeout=10))
    builder = ApplicationBuilder().bot(bot).update_queue(queue).concurrent_updates(InOrder(locks))
    if given.webhook is None:
        return builder.build(), Polling(polls)
    from bot.channels.telegram.webhook import Webhook  # noqa: PLC0415 - its server is loaded only where it is used

    hearing = Webhook(given.webhook, stop)
    return builder.updater(None).build(), hearing


async def _wind_down(application: AnyApplication, hearing: Hearing, beside: list[asyncio.Task[None]]) -> None:
    """Hear no more, finish what was taken in, leave. What fails here must not keep the rest from ending well."""

    async def deafen() -> None:
        await hearing.end(application)

    async def finish() -> None:
        if application.running:
            await application.stop()

    async def leave() -> None:
        for task in beside:
            task.cancel()
        await asyncio.gather(*beside, return_exceptions=True)

    steps: tuple[Callable[[], Awaitable[None]], ...] = (deafen, finish, leave, application.shutdown)
    for step in steps:
        try:
            await step()
        except Exception as error:  # noqa: BLE001 - see above
            LOGGER.error("Ending was not clean: %s.", where(error))  # noqa: TRY400


def is_trainer(person: Person) -> bool:
    """Say whether somebody may start exercises because of what they are here."""
    return may(person, Action.LEAD_EXERCISES)


class StoppedEarlyError(Exception):
    """We were told to stop before Telegram could be reached."""


async def _until(action: Callable[[], Awaitable[Result]], stop: asyncio.Event) -> Result:
    """Try until it works: a start does not depend on the network being there. A refused token ends it."""
    pause, said, refusals = 1.0, False, 0
    while True:
        try:
            return await action()
        except InvalidToken:
            refusals += 1
            if refusals >= REFUSALS_AT_START:
                raise SetupError(REFUSED) from None  # PTB's own text holds the token
        except BadRequest as error:
            says = f"Telegram did not accept the start ({type(error).__name__}): check {BASE_URL} and {WEBHOOK_URL}."
            raise SetupError(says) from None
        except TelegramError as error:
            if isinstance(error, RetryAfter):
                pause = max(pause, float(getattr(error.retry_after, "seconds", 0) or 1))
            if not said:
                LOGGER.warning("Telegram cannot be reached (%s); trying again until it can.", type(error).__name__)
                said = True
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), pause)
        if stop.is_set():
            raise StoppedEarlyError
        pause = min(30.0, 1.5 * pause)


async def _tick(outgoing: Outgoing, seconds: float) -> None:
    """Look for reminders that are due and for answers that could not be sent, and tidy up, for ever."""
    while True:
        try:
            await outgoing.nudge()
            await outgoing.resend()
            outgoing.desk.log.leave_no_trace()
        except StoreError:
            LOGGER.error("The record could not be used to look for reminders.")  # noqa: TRY400
        except Exception as error:  # noqa: BLE001 - the next round may do better, and reminders must not end
            LOGGER.error("Looking for reminders failed: %s.", where(error))  # noqa: TRY400
        await asyncio.sleep(seconds)


async def _introduce(bot: Bot, library: Library) -> None:
    """Set the menu of commands and what an empty chat shows; the bot works without them."""
    offered = [flow for flow in library.flows.values() if is_offered(library, flow.id)]
    titles = {flow.id: flow.title for flow in offered if COMMAND.fullmatch(flow.id)}
    texts = {"danger": COMMAND_TEXTS["danger"], **titles, **COMMAND_TEXTS}
    commands = [BotCommand(name, text[:LONGEST_COMMAND_TEXT]) for name, text in texts.items()]
    try:
        await bot.set_my_commands(commands[:MOST_COMMANDS])
        await bot.set_my_description(library.lines["greeting"].text[:LONGEST_DESCRIPTION])
    except TelegramError as error:
        LOGGER.warning("The menu of commands could not be set (%s).", type(error).__name__)


async def _log_error(_: object, context: Any) -> None:  # noqa: ANN401 - PTB's context
    """Log what escaped from PTB's own work."""
    LOGGER.error("Something failed: %s.", where(context.error))
