"""What a Rasa server sends when it calls its custom action, and what it is answered.

Rasa posts its whole tracker; we read who wrote, where, what, and which message it was. The conversation is ours:
no slot is set and no event returned.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bot.channels.rest.talking import Sent

if TYPE_CHECKING:
    from bot.wire import Json

ACTION = "action_guide"
ACTIONS = frozenset({ACTION, "action_restart", "action_back"})
"""The last two are Rasa's own, and say nothing when somebody types /restart or /back; a domain that lists them asks us."""


class NotOurActionError(ValueError):
    """Rasa asked for an action that we do not have."""

    def __init__(self, name: str) -> None:
        super().__init__(f"There is no action '{name[:80]}' here: name {ACTION} in the domain.")
        self.name = name


class NoTrackerError(ValueError):
    """A request that Rasa did not make, or not whole; its text is the sentence to answer with."""


def read_call(body: Any) -> Sent:  # noqa: ANN401 - parsed JSON
    """Return what was sent in a call of the action; raises NotOurActionError or NoTrackerError."""
    if not isinstance(body, dict) or not isinstance(body.get("tracker"), dict) or not _is_id(body.get("next_action")):
        raise NoTrackerError('This is no call of an action: send {"next_action": "action_guide", "tracker": {...}}.')
    if body.get("next_action") not in ACTIONS:
        raise NotOurActionError(str(body.get("next_action")))
    tracker = body["tracker"]
    sender = tracker.get("sender_id") or body.get("sender_id")
    if not isinstance(sender, str) or not sender:
        raise NoTrackerError("The tracker has no 'sender_id': there is nobody to answer.")
    latest = tracker.get("latest_message")
    latest = latest if isinstance(latest, dict) else {}
    metadata = latest.get("metadata")
    metadata = metadata if isinstance(metadata, dict) else {}
    # The caller's own id survives a redelivery to Rasa, which gives each delivery an id of its own.
    message = next((one for one in (metadata.get("message_id"), latest.get("message_id")) if _is_id(one)), "")
    channel = tracker.get("latest_input_channel")
    # Rasa obeys what begins with "/", so the channel of our export hands such words on beside the message.
    text = next((one for one in (metadata.get("typed"), latest.get("text")) if isinstance(one, str)), "")
    return Sent(f"{channel if isinstance(channel, str) else ''}\0{sender}", text, str(message))


def _is_id(value: object) -> bool:
    return (isinstance(value, str) and bool(value)) or (isinstance(value, int) and not isinstance(value, bool))


def responses(items: list[Json]) -> Json:
    """Return items as the answer of an action server."""
    return {"events": [], "responses": [_response(item) for item in items]}


def _response(item: Json) -> Json:
    return {
        "text": item.get("text"),
        "buttons": item.get("buttons", []),
        "custom": item.get("custom", {}),
        "elements": [],
        "response": None,
        "image": None,
        "attachment": None,
    }
