"""The addresses, and everything that is refused before the desk hears of it: strangers, web pages, what is too much.

Whoever writes gets an answer in every case: in Rasa's format where somebody may read it, else one sentence that says
what to send instead. Nothing that was sent is repeated in an error, or logged.
"""

from __future__ import annotations

import asyncio
import hmac
import json
import logging
from typing import TYPE_CHECKING, Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from bot.advice_log.opening import check
from bot.channels.rest.actions import NotOurActionError, NoTrackerError, read_call, responses
from bot.channels.rest.talking import Sent, Talking
from bot.discreet import where
from bot.errors import StoreError, ThinkchildError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from starlette.types import ASGIApp, Receive, Scope, Send

    from bot.channels.rest.counter import Counter
    from bot.session import Desk
    from bot.wire import Json

LOGGER = logging.getLogger(__name__)
LONGEST_BODY = 2_000_000
"""Bytes; a message of 100,000 emoji written as escapes is 1.2 million."""
LONGEST_CALL = 32_000_000
"""Bytes of a call from Rasa, which sends its whole tracker and domain each time."""
LONGEST_SENDER = 512
READ_SECONDS = 15.0
"""How long a body may take to arrive."""


class RefusedError(Exception):
    """A request that cannot be taken; its text is the sentence to answer with."""

    def __init__(self, status: int, says: str, **more: str) -> None:
        super().__init__(says)
        self.status, self.more = status, more


class Pages:
    """The addresses of one process."""

    def __init__(self, counter: Counter, talking: Desk, hosted: Desk, *, read_seconds: float = READ_SECONDS) -> None:
        self.counter, self.read_seconds = counter, read_seconds
        self.desk = talking
        self.talking, self.hosted = Talking(talking), Talking(hosted)

    def app(self, token: str, *, only_actions: bool = False) -> ASGIApp:
        """Return the application: everything, or only what a Rasa server needs of its action server."""
        routes = [
            Route("/health", self._answered(self.health), methods=["GET"]),
            Route("/webhook", self._answered(self.action), methods=["POST"]),
        ]
        if not only_actions:
            routes += [
                Route("/webhooks/rest/", self._answered(self.channel), methods=["GET"]),
                Route("/webhooks/rest/webhook", self._answered(self.message), methods=["POST"]),
                Route("/model/parse", self._answered(self.parse), methods=["POST"]),
            ]
        inner = Starlette(routes=routes, exception_handlers={HTTPException: _elsewhere})
        return Gate(inner, token)

    # --- addresses --------------------------------------------------------------------------------------

    async def health(self, _: Request) -> Response:
        """Say which content is offered where, and whether the record can be reached."""
        try:
            await self.counter.do(check, self.desk.log.path, self.desk.log.connection)
        except (StoreError, TimeoutError):
            reachable = False
        else:
            reachable = True
        held = {"content_version": self.desk.library.version, "area": self.desk.area, "record": reachable}
        return _json({"status": "ok" if reachable else "no record", **held}, 200 if reachable else 503)

    async def channel(self, _: Request) -> Response:
        """Answer what clients ask to see whether the channel is there."""
        return _json({"status": "ok"})

    async def message(self, request: Request) -> Response:
        """Take a message in the format of Rasa's REST channel."""
        sent = read_message(await self._body(request, LONGEST_BODY))
        items, status = await self._turn(self.talking, sent)
        return _json([{"recipient_id": sent.sender, **item} for item in items], status)

    async def action(self, request: Request) -> Response:
        """Answer a Rasa server that calls its custom action. It says nothing to anybody unless this is a 200."""
        try:
            sent = read_call(await self._body(request, LONGEST_CALL))
        except NotOurActionError as error:
            raise RefusedError(404, str(error), action_name=error.name[:80]) from None
        except NoTrackerError as error:
            raise RefusedError(400, str(error)) from None
        items, _ = await self._turn(self.hosted, sent)
        return _json(responses(items))

    async def parse(self, request: Request) -> Response:
        """Say where a message leads, in the format of Rasa's `/model/parse`."""
        body = await self._body(request, LONGEST_BODY)
        if not isinstance(body, dict) or not isinstance(body.get("text"), str):
            raise RefusedError(400, 'There is no text to read: send {"text": "..."}.')
        return _json(await self.counter.do(self.desk.parsed, body["text"]))

    async def _turn(self, talking: Talking, sent: Sent) -> tuple[list[Json], int]:
        """Let the desk take a message; what goes wrong is said in words that somebody can read."""
        try:
            return await self.counter.do(talking.answer, sent), 200
        except StoreError:
            LOGGER.error("The record could not be used, so a turn was not kept.")  # noqa: TRY400 - no words of it
        except TimeoutError:
            LOGGER.error("A turn took too long; whoever waited was told so.")  # noqa: TRY400 - as above
        except ThinkchildError as error:
            return [{"text": str(error)}], 200
        except Exception as error:  # noqa: BLE001 - one bad message must not silence the answer to it
            LOGGER.error("A turn failed: %s.", where(error))  # noqa: TRY400 - its text may repeat what was typed
        return talking.sorry(), 503

    # --- what comes in ----------------------------------------------------------------------------------

    async def _body(self, request: Request, longest: int) -> Any:  # noqa: ANN401 - parsed JSON
        if request.headers.get("content-encoding", "identity").strip().lower() != "identity":
            raise RefusedError(415, "Compressed requests are not read: send the JSON as it is.")
        too_long = RefusedError(413, f"The request is longer than {longest:,} bytes: send less.")
        declared = request.headers.get("content-length", "")
        if declared.isdecimal() and int(declared) > longest:
            raise too_long
        body = bytearray()
        try:
            async with asyncio.timeout(self.read_seconds):
                async for chunk in request.stream():
                    body += chunk
                    if len(body) > longest:
                        raise too_long
        except TimeoutError:
            raise RefusedError(408, "The request took too long to arrive: send it again.") from None
        try:
            return await asyncio.to_thread(json.loads, bytes(body))
        except (ValueError, RecursionError):
            raise RefusedError(400, "This is not JSON: send one JSON object.") from None

    @staticmethod
    def _answered(take: Callable[[Request], Awaitable[Response]]) -> Callable[[Request], Awaitable[Response]]:
        """Return an endpoint from which no exception gets out: what it says could be what somebody typed."""

        async def endpoint(request: Request) -> Response:
            try:
                return await take(request)
            except RefusedError as error:
                return _json({"error": str(error), **error.more}, error.status)
            except ClientDisconnect:
                return Response(status_code=400)
            except TimeoutError:
                return _json({"error": "This took too long: try again."}, 503)
            except ThinkchildError as error:
                return _json({"error": str(error)}, 503)
            except Exception as error:  # noqa: BLE001 - see above
                LOGGER.error("A request failed: %s.", where(error))  # noqa: TRY400 - see above
                return _json({"error": "Something went wrong on our side: try again."}, 500)

        return endpoint


def read_message(body: Any) -> Sent:  # noqa: ANN401 - parsed JSON
    """Read a message in the format of Rasa's REST channel; raises RefusedError with what to send instead."""
    if not isinstance(body, dict):
        raise RefusedError(400, 'This is not a JSON object: send {"sender": "...", "message": "..."}.')
    sender, text, metadata = body.get("sender"), body.get("message"), body.get("metadata")
    if isinstance(sender, int) and not isinstance(sender, bool):
        sender = str(sender)
    if not isinstance(sender, str) or not sender.strip() or len(sender) > LONGEST_SENDER or not _is_text(sender):
        raise RefusedError(
            400,
            f"'sender' has to say who writes, in up to {LONGEST_SENDER} characters: without it two people's talks mix.",
        )
    if not isinstance(text, str):
        raise RefusedError(400, "'message' has to be the text that was typed, or the payload of a button.")
    if metadata is not None and not isinstance(metadata, dict):
        raise RefusedError(400, '\'metadata\' has to be an object, for instance {"message_id": "..."}.')
    name = (metadata or {}).get("message_id", "")
    if isinstance(name, bool) or not isinstance(name, str | int):
        raise RefusedError(400, "'message_id' has to be a text or a whole number, its own for each message.")
    return Sent(sender, text, str(name))


def _is_text(text: str) -> bool:
    """Say whether a text can be written out: half a character cannot."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _json(body: object, status: int = 200) -> Response:
    """Return an answer in ASCII: whatever is repeated of what was sent can be written so."""
    return Response(json.dumps(body), status, {"Cache-Control": "no-store"}, "application/json")


async def _elsewhere(_: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 500
    says = "There is nothing at this address." if status == 404 else "This address is asked in another way."  # noqa: PLR2004
    return _json({"error": f"{says} See 'For other apps' in the README."}, status)


class Gate:
    """Lets in who may come in. It stands before everything, `GET /health` alone is open."""

    def __init__(self, inner: ASGIApp, token: str) -> None:
        self.inner, self._token = inner, token.encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or refuse it."""
        if scope["type"] == "http" and (refusal := self._refusal(scope)) is not None:
            await refusal(scope, receive, send)
            return
        await self.inner(scope, receive, send)

    def _refusal(self, scope: Scope) -> Response | None:
        headers = dict(scope["headers"])
        if b"origin" in headers:
            # A page somebody has open must not be able to talk, or to read along, from their browser.
            return _json({"error": "Requests of web pages are not taken: let your own server ask."}, 403)
        if not self._token or (scope["path"] == "/health" and scope["method"] == "GET"):
            return None
        scheme, _, shown = headers.get(b"authorization", b"").partition(b" ")
        if scheme.lower() == b"bearer" and hmac.compare_digest(shown.strip(), self._token):
            return None
        answer = _json(
            {"error": "Show the token in the header 'Authorization: Bearer ...'; it is read nowhere else."}, 401
        )
        answer.headers["WWW-Authenticate"] = "Bearer"
        return answer
