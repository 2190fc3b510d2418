"""The process that answers on Telegram: it starts once, polls, reminds, and ends cleanly when told to."""

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
from telegram.error import BadRequest, Conflict, InvalidToken, RetryAfter, TelegramError
from telegram.ext import ApplicationBuilder, TypeHandler
from telegram.request import HTTPXRequest

from bot.access import Action, may
from bot.advice_log import AdviceLog
from bot.channels.telegram.channel import Channel
from bot.channels.telegram.exercise_post import Post, prepare_stories
from bot.channels.telegram.exercising import Exercising
from bot.channels.telegram.incoming import CHANNEL, ChatLocks, DurableQueue, Incoming, InOrder
from bot.channels.telegram.outgoing import Outgoing
from bot.channels.telegram.sending import AT_ONCE, BESIDE, Sender
from bot.channels.telegram.settings import BASE_URL, TOKEN
from bot.discreet import log_discreetly, where
from bot.door import Door
from bot.errors import SetupError, StoreError
from bot.exercises.opening import open_hall
from bot.exercises.store import ExerciseStore, beside
from bot.session import Desk
from bot.signing import is_offered
from bot.startup import open_library, second_matcher

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator
    from pathlib import Path

    from telegram import Bot
    from telegram.ext import Application

    from bot.access import Person
    from bot.channels.telegram.settings import Settings
    from bot.door import Rules
    from bot.exercises.hall import Hall
    from bot.library import Library

    AnyApplication = Application[Any, Any, Any, Any, Any, Any]

Result = TypeVar("Result")
LOGGER = logging.getLogger(__name__)
REFUSED = f"Telegram refused the token: ask @BotFather for the right one (/mybots) and set {TOKEN} to it."
MOST_REFUSALS = 12
"""Polls refused in a row, over about two minutes, before we believe that the token was taken back."""
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
    """Answer until told to stop; returns the exit code."""
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
            desk.prepare()
            hall = _hall(desk.library, log_path, given)
            try:
                asyncio.run(_serve(desk, hall, given))
            finally:
                if hall is not None:
                    hall.store.close()
        finally:
            log.close()
    return 0


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
    path = log_path.with_name(log_path.name + ".telegram.lock")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        held = path.open("a")
    except OSError as error:
        says = f"The lock file {path} cannot be written ({error.strerror}): name another database with --db."
        raise SetupError(says) from None
    with held:
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            says = f"Another process is already answering on Telegram from {log_path}: stop that one first."
            raise SetupError(says) from None
        yield


async def _serve(desk: Desk, hall: Hall | None, given: Settings) -> None:
    """Build, start, wait for the end, and stop in the order that loses nothing."""
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    locks, queue, polls = ChatLocks(), DurableQueue(desk, given.bot_id), PollRequest(stop)
    application = (
        ApplicationBuilder()
        .token(given.token)
        .base_url(given.base_url)
        .base_file_url(given.base_file_url)
        .update_queue(queue)
        .concurrent_updates(InOrder(locks))
        .connection_pool_size(AT_ONCE + BESIDE)
        .pool_timeout(10)
        .get_updates_request(polls)
        .build()
    )
    sender = Sender(application.bot, lambda: desk.line_text("sent_again"))
    updater = application.updater
    assert updater is not None  # the builder was not told to leave it out
    beside: list[asyncio.Task[None]] = []
    try:
        await _until(application.initialize, stop)
        queue.username = application.bot.username
        outgoing = Outgoing(desk, sender, locks)
        post = Post(hall, outgoing, given.exercise_days) if hall is not None else None
        exercises = Exercising(hall, post, desk, queue.username) if hall is not None and post is not None else None
        channel = Channel(desk, outgoing, queue.username, exercises)

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
        wanted = ["message", "callback_query"]
        await _until(lambda: updater.start_polling(allowed_updates=wanted, error_callback=PollErrors()), stop)
        beside.append(asyncio.create_task(_tick(outgoing, given.reminder_seconds)))
        LOGGER.info("Answering as @%s.", queue.username)
        await stop.wait()
        LOGGER.info("Stopping.")
    except StoppedEarlyError:
        pass
    finally:
        sender.stop()
        await _wind_down(application, beside)
    if polls.deaf:
        raise SetupError(REFUSED)


async def _wind_down(application: AnyApplication, beside: list[asyncio.Task[None]]) -> None:
    """Fetch no more, finish what was fetched, leave."""
    if application.updater is not None and application.updater.running:
        await application.updater.stop()
    if application.running:
        await application.stop()
    for task in beside:
        task.cancel()
    await asyncio.gather(*beside, return_exceptions=True)
    await application.shutdown()


def is_trainer(person: Person) -> bool:
    """Say whether somebody may start exercises because of what they are here."""
    return may(person, Action.LEAD_EXERCISES)


class StoppedEarlyError(Exception):
    """We were told to stop before Telegram could be reached."""


async def _until(action: Callable[[], Awaitable[Result]], stop: asyncio.Event) -> Result:
    """Try until it works: a start does not depend on the network being there. A refused token ends it."""
    pause, said = 1.0, False
    while True:
        try:
            return await action()
        except InvalidToken:
            raise SetupError(REFUSED) from None  # PTB's own text holds the token
        except BadRequest as error:
            says = f"Telegram did not accept the start ({type(error).__name__}): check {BASE_URL}."
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


class PollRequest(HTTPXRequest):
    """Asks for updates, and does not take one refusal for the end.

    One 401 or 404 would end PTB's polling for good and leave the process running, deaf. Here it counts as a
    gateway error, after which PTB asks again; many in a row end the process, which somebody will notice.
    """

    def __init__(self, stop: asyncio.Event) -> None:
        super().__init__(connection_pool_size=1)
        self._stop, self._refusals = stop, 0

    @property
    def deaf(self) -> bool:
        """Whether Telegram will not let us hear anything any more."""
        return self._refusals >= MOST_REFUSALS

    async def do_request(self, *args: Any, **kwargs: Any) -> tuple[int, bytes]:  # noqa: ANN401 - as PTB calls it
        """Make the request."""
        code, body = await super().do_request(*args, **kwargs)
        if code not in {401, 404}:
            self._refusals = 0
            return code, body
        self._refusals += 1
        if self.deaf:
            self._stop.set()
        return 502, body


# --- what is logged -----------------------------------------------------------------------------------


class PollErrors:
    """Logs what goes wrong with asking for messages: each kind once a minute, however often it happens."""

    SECONDS = 60.0

    def __init__(self) -> None:
        self._said: dict[str, float] = {}

    def __call__(self, error: TelegramError) -> None:
        """Log an error, unless the same was logged just now."""
        kind, now = type(error).__name__, time.monotonic()
        if now - self._said.get(kind, -self.SECONDS) < self.SECONDS:
            return
        self._said[kind] = now
        if isinstance(error, Conflict):
            LOGGER.warning("Another program is answering with the same token: stop one of the two.")
        else:
            LOGGER.warning("Telegram could not be asked for messages (%s); trying again.", kind)


async def _log_error(_: object, context: Any) -> None:  # noqa: ANN401 - PTB's context
    """Log what escaped from PTB's own work."""
    LOGGER.error("Something failed: %s.", where(context.error))
