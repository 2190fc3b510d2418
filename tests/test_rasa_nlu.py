"""A Rasa server as second matcher: what it suggests is asked about, and it may fail in any way it likes.

A small server stands in for Rasa's `/model/parse`; everything of ours is real, sockets too.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import socket
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import pytest

from bot.advice_log import AdviceLog, verify
from bot.clock import stamp
from bot.errors import SetupError
from bot.events import Do, Open
from bot.kept import KeptWeights
from bot.matching import BUILTIN, Advised, Decision
from bot.rasa_nlu import LONGEST_ANSWER, PAUSE, RASA, SILENT, UNSURE, RasaServer, rasa_from, suggestion
from bot.routing import matcher_of
from bot.session import Desk

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from walking import Clock

    from bot.library import Library
    from bot.matching import Matcher

PLAIN = "a new partner has moved in"
"""Opens new_partner without asking."""
HINT = "it is about that house again"
"""Opens nothing by itself."""
NONSENSE = "the photocopier is jammed again"


def answer(name: str, confidence: float = 0.8, *others: tuple[str, float]) -> dict[str, Any]:
    """Return what Rasa would answer."""
    ranking = [{"name": one, "confidence": score} for one, score in ((name, confidence), *others)]
    return {"text": "", "intent": ranking[0], "intent_ranking": ranking, "entities": []}


class StandIn:
    """A server in the place of Rasa: it keeps what it was asked and answers what it is told to."""

    def __init__(self) -> None:
        self.asked: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []
        self.paths: list[str] = []
        self.body = json.dumps(answer("neglect_concern")).encode()
        self.status, self.more = 200, {}
        self.pause, self.release = 0.0, threading.Event()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                outer.paths.append(self.path)
                outer.headers.append({name.lower(): value for name, value in self.headers.items()})
                outer.asked.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
                self.send_response(outer.status)
                for name, value in outer.more.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(outer.body)))
                self.end_headers()
                try:
                    for place in range(0, len(outer.body), 1 if outer.pause else 65536):
                        self.wfile.write(outer.body[place : place + (1 if outer.pause else 65536)])
                        self.wfile.flush()
                        if outer.pause and outer.release.wait(outer.pause):
                            return
                except OSError:
                    pass  # whoever asked has gone

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self) -> None:
        """End it."""
        self.release.set()
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def rasa() -> Iterator[StandIn]:
    """Start a stand-in."""
    started = StandIn()
    yield started
    started.close()


@pytest.fixture(scope="module")
def own(content: Library) -> Matcher:
    """Return our own matcher of the shipped content."""
    return matcher_of(content, KeptWeights())


def advised(own: Matcher, rasa: StandIn, content: Library) -> Advised:
    """Return our matcher with the stand-in beside it."""
    return Advised(own, RasaServer(rasa.url, content.flows, wait=10).ask)


# --- what a suggestion does --------------------------------------------------------------------------------


def test_what_rasa_suggests_is_the_first_of_a_few_to_choose_from(own: Matcher, rasa: StandIn, content: Library) -> None:
    """Its best first, ours after; nothing is opened."""
    ours = own.route(HINT)
    assert ours.flow is None
    found = advised(own, rasa, content).route(HINT)
    assert (found.decision, found.flow, found.matcher) == (Decision.choose, None, RASA)
    names = [candidate.flow for candidate in found.candidates]
    assert names[0] == "neglect_concern"
    expected = [candidate.flow for candidate in ours.candidates if candidate.flow != "neglect_concern"]
    assert names[1:] == expected[: len(names) - 1]
    assert len(names) == 3


def test_it_may_not_open_another_flow_than_ours_would(own: Matcher, rasa: StandIn, content: Library) -> None:
    """Both for the same flow: it opens. Two minds: the person is asked, with both."""
    assert own.route(PLAIN).flow == "new_partner"
    rasa.body = json.dumps(answer("new_partner", 0.99)).encode()
    assert advised(own, rasa, content).route(PLAIN).flow == "new_partner"
    rasa.body = json.dumps(answer("school_attendance", 1.0)).encode()
    found = advised(own, rasa, content).route(PLAIN)
    assert (found.decision, found.flow) == (Decision.choose, None)
    assert [candidate.flow for candidate in found.candidates][:2] == ["school_attendance", "new_partner"]


@pytest.mark.parametrize(
    "said",
    [
        answer("nlu_fallback", 0.9, ("new_partner", 0.8)),
        answer("out_of_scope", 0.9),
        answer("a_flow_of_somebody_else", 0.99),
        answer("neglect_concern", 0.29),
        answer("neglect_concern", 0.5, ("new_partner", 0.45)),
    ],
)
def test_what_is_unsure_or_unknown_is_no_suggestion(own: Matcher, rasa: StandIn, content: Library, said: Any) -> None:
    """Rasa's own fallback, an intent that is no flow here, little confidence, a near second: ours stands, and it is said."""
    rasa.body = json.dumps(said).encode()
    found, ours = advised(own, rasa, content).route(HINT), own.route(HINT)
    assert (found.decision, found.flow, found.candidates) == (ours.decision, ours.flow, ours.candidates)
    assert (found.matcher, ours.matcher) == (UNSURE, BUILTIN)


def test_danger_and_who_is_writing_are_never_left_to_it(own: Matcher, rasa: StandIn, content: Library) -> None:
    """Words that mean danger, and those of a child, are not even sent."""
    both = advised(own, rasa, content)
    assert both.route("he has stopped breathing").decision is Decision.danger
    assert both.route("my mum hits me").writer.value == "child"
    assert rasa.asked == []
    assert both.scores(PLAIN) == own.scores(PLAIN)


# --- how it may fail ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (500, b"{}"),
        (401, b'{"status": "failure"}'),
        (409, b"{}"),
        (200, b""),
        (200, b"not json"),
        (200, b"[]"),
        (200, b"null"),
        (200, b'{"intent": null}'),
        (200, b'{"intent": {"name": "new_partner"}}'),
        (200, b'{"intent": {"name": "new_partner", "confidence": "very"}}'),
        (200, b'{"intent": {"name": "new_partner", "confidence": NaN}}'),
        (200, b'{"intent": {"name": "new_partner", "confidence": 7}}'),
        (200, b'{"intent": {"name": "new_partner", "confidence": 1}, "intent_ranking": [1]}'),
        (200, b"[" * 100_000),
        (200, b'{"intent": {"name": "new_partner", "confidence": 1}, "text": "' + b"x" * LONGEST_ANSWER + b'"}'),
    ],
)
def test_any_wrong_answer_leaves_our_own(
    own: Matcher, rasa: StandIn, content: Library, status: int, body: bytes
) -> None:
    """An error, no JSON, JSON of another form, far too much of it: our matcher answers, and the record can say why."""
    rasa.status, rasa.body = status, body
    found = advised(own, rasa, content).route(HINT)
    assert (found.candidates, found.matcher) == (own.route(HINT).candidates, SILENT)


def test_a_redirect_is_not_followed(own: Matcher, rasa: StandIn, content: Library) -> None:
    """What was typed goes to the one address that was given."""
    elsewhere = StandIn()
    try:
        rasa.status, rasa.more = 307, {"Location": f"{elsewhere.url}/model/parse"}
        assert advised(own, rasa, content).route(HINT).matcher == SILENT
        assert elsewhere.asked == []
    finally:
        elsewhere.close()


def test_no_proxy_sees_what_was_typed(
    own: Matcher, rasa: StandIn, content: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the environment says of proxies is for others."""
    for name in ("http_proxy", "HTTP_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    assert advised(own, rasa, content).route(HINT).matcher == RASA


def test_nobody_waits_for_a_server_that_drips(content: Library, rasa: StandIn) -> None:
    """A byte now and then passes every time limit of a socket; the answer of another thread is not waited for."""
    rasa.pause = 0.05
    server = RasaServer(rasa.url, content.flows, wait=0.3)
    assert server.ask(HINT).says == SILENT
    rasa.release.set()


def test_after_a_failure_it_is_left_alone_for_a_while(
    content: Library, rasa: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The next messages do not wait for it; later it is asked again, and answers."""
    now = [1000.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    server = RasaServer(rasa.url, content.flows, wait=10)
    rasa.status = 500
    assert server.ask(HINT).says == SILENT
    rasa.status = 200
    assert server.ask(HINT).says == SILENT
    assert len(rasa.asked) == 1
    now[0] += PAUSE + 1
    assert server.ask(HINT).says == RASA
    assert len(rasa.asked) == 2


def test_where_nobody_listens_ours_answers(own: Matcher, content: Library) -> None:
    """No Rasa at all: the same answers as ever."""
    with socket.create_server(("127.0.0.1", 0)) as held:
        port = held.getsockname()[1]
    server = RasaServer(f"http://127.0.0.1:{port}", content.flows, wait=10)
    assert Advised(own, server.ask).route(HINT).matcher == SILENT


# --- where it is, and how it is asked ------------------------------------------------------------------------


def test_it_is_asked_as_rasa_wants_to_be_asked(content: Library, rasa: StandIn) -> None:
    """One POST of the text alone, cut; no header says who wrote, and without a token file none is shown."""
    RasaServer(f"{rasa.url}/nlu/", content.flows, wait=10).ask("x" * 100_000)
    assert rasa.paths == ["/nlu/model/parse"]
    assert list(rasa.asked[0]) == ["text"]
    assert len(rasa.asked[0]["text"]) == 2000
    assert "authorization" not in rasa.headers[0]


def test_the_secret_signs_a_pass_and_is_itself_never_sent(content: Library, rasa: StandIn, tmp_path: Path) -> None:
    """What is shown is a JSON Web Token, good for a minute, signed with what is in the file."""
    file = tmp_path / "secret"
    file.write_text("0123456789abcdef0123456789abcdef\n")
    file.chmod(0o600)
    server = rasa_from({"THINKCHILD_NLU": f"rasa:{rasa.url}", "THINKCHILD_NLU_TOKEN_FILE": str(file)}, content.flows)
    assert server is not None
    server.ask(HINT)
    assert "0123456789abcdef" not in json.dumps([rasa.paths, rasa.headers])
    scheme, _, shown = rasa.headers[0]["authorization"].partition(" ")
    head, claims, seal = (part + "=" * (-len(part) % 4) for part in shown.split("."))
    assert scheme == "Bearer"
    assert json.loads(base64.urlsafe_b64decode(head))["alg"] == "HS256"
    told = json.loads(base64.urlsafe_b64decode(claims))
    assert told["user"]["role"] == "admin"
    assert 0 < told["exp"] - time.time() <= 60
    signed = hmac.new(b"0123456789abcdef0123456789abcdef", shown.rpartition(".")[0].encode(), hashlib.sha256).digest()
    assert base64.urlsafe_b64decode(seal) == signed


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ("http://127.0.0.1:5005", "rasa:http://127.0.0.1:5005"),
        ("rasa:127.0.0.1:5005", "http:// or https://"),
        ("rasa:file:///etc/passwd", "http:// or https://"),
        ("rasa:http://", "http:// or https://"),
        ("rasa:http://127.0.0.1:port", "cannot be read"),
        ("rasa:http://nlu.example.org", "https://"),
        ("rasa:http://10.0.0.5:5005", "https://"),
        ("rasa:http://user:pass@127.0.0.1:5005", "THINKCHILD_NLU_TOKEN_FILE"),
        ("rasa:http://127.0.0.1:5005/?token=abc", "THINKCHILD_NLU_TOKEN_FILE"),
        ("rasa:http://127.0.0.1:5005\n", ""),
        ("openai:gpt", "leave it out"),
    ],
)
def test_another_address_is_refused_in_one_sentence(content: Library, given: str, says: str) -> None:
    """Only this machine, or a secure address; never a secret in it."""
    if not says:
        assert rasa_from({"THINKCHILD_NLU": given}, content.flows) is not None
        return
    with pytest.raises(SetupError) as refused:
        rasa_from({"THINKCHILD_NLU": given}, content.flows)
    assert says in str(refused.value)
    assert "pass" not in str(refused.value).replace("passwd", "")
    assert "\n" not in str(refused.value)


def test_without_the_setting_there_is_none(content: Library) -> None:
    """Nothing is asked of anybody unless somebody says so."""
    assert rasa_from({}, content.flows) is None
    assert rasa_from({"THINKCHILD_NLU": "builtin"}, content.flows) is None


def test_a_token_file_that_others_can_read_is_refused(content: Library, tmp_path: Path) -> None:
    """So are one that is not there, and one that is empty."""
    file = tmp_path / "secret"
    setting = {"THINKCHILD_NLU": "rasa:http://127.0.0.1:5005", "THINKCHILD_NLU_TOKEN_FILE": str(file)}
    for make, says in (
        (lambda: None, "cannot be read"),
        (lambda: file.write_text(""), "one line"),
        (lambda: (file.write_text("0123456789abcdef"), file.chmod(0o644)), "chmod 600"),
    ):
        make()
        if file.exists() and says == "one line":
            file.chmod(0o600)
        with pytest.raises(SetupError, match=says):
            rasa_from(setting, content.flows)


# --- in a conversation -------------------------------------------------------------------------------------


@pytest.fixture
def desk(log: AdviceLog, content: Library, clock: Clock, matchers: dict[str, Any], rasa: StandIn) -> Callable[[], Desk]:
    """Return a way to make a desk that asks the stand-in."""

    def make() -> Desk:
        made = Desk(log, content, clock=clock, nlu=RasaServer(rasa.url, content.flows, wait=10))
        made.shelf.matchers = matchers
        return made

    return make


def rows(log: AdviceLog) -> list[tuple[str, str]]:
    """Return (decision, matcher) of every turn."""
    return log.connection.execute("SELECT decision, matcher FROM turns ORDER BY seq").fetchall()


def test_the_record_says_which_matcher_answered(desk: Callable[[], Desk], log: AdviceLog, rasa: StandIn) -> None:
    """Beside the decision: ours, Rasa's, or ours because Rasa was silent; and the record still proves itself."""
    talking = desk()
    person = talking.person("somebody")
    said = talking.handle(person, HINT, "1").out
    assert said["decision"] == "choose"
    assert said["replies"][-1]["options"][0]["id"] == "neglect_concern"
    talking.handle(person, "he has stopped breathing", "2")
    rasa.status = 500
    talking.handle(talking.person("another"), HINT, "3")
    assert rows(log) == [("choose", RASA), ("danger", BUILTIN), (said_alone(rows(log)[2][0]), SILENT)]
    assert verify(log.connection)[1] is None


def said_alone(decision: str) -> str:
    """Return what our own matcher says of the hint: a choice, or that it does not know."""
    assert decision in {"choose", "unknown"}
    return decision


def test_only_words_that_begin_a_situation_are_sent(desk: Callable[[], Desk], rasa: StandIn) -> None:
    """No answer to a question, no command, no search, nothing that may name somebody, and nothing twice."""
    rasa.body = json.dumps(answer("new_partner")).encode()
    talking = desk()
    person = talking.person("somebody")
    talking.handle(person, PLAIN, "1")
    assert [one["text"] for one in rasa.asked] == [PLAIN]
    for number, words in enumerate(
        ("no sign of that now", "1", "back", "menu", "search bath", "H21", "999", "her nhs number is 943 476 5919"), 2
    ):
        talking.handle(person, words, str(number))
    talking.handle(person, PLAIN, "1")
    assert [one["text"] for one in rasa.asked] == [PLAIN]


@pytest.mark.parametrize(
    "words",
    [
        "yes but she said he fell",
        "no, not crawling",
        "nope, nothing like that",
        "what is a LADO",
        "please tell me that it's fine",
        "hello",
        "thank you",
        "whatever, the boiler is broken",
    ],
)
def test_what_is_no_situation_is_not_sent_in_the_middle_of_a_flow(
    desk: Callable[[], Desk], rasa: StandIn, words: str
) -> None:
    """Answers in other words or nearly one, questions, small talk, a plea; and nothing at the 999 card."""
    talking = desk()
    person = talking.person("somebody")
    talking.handle(person, Open("mark_on_child"), "1")
    at_the_alarm = words.startswith("whatever")
    if at_the_alarm:
        talking.handle(person, "he has stopped breathing", "2")
    said = talking.handle(person, words, "3").out
    assert not at_the_alarm or said["urgency"] == "now"
    assert rasa.asked == []


def test_a_choice_between_flows_is_an_answer_and_is_not_sent(desk: Callable[[], Desk], rasa: StandIn) -> None:
    """What Rasa suggested is opened by its number, and Rasa does not hear of it."""
    talking = desk()
    person = talking.person("somebody")
    talking.handle(person, HINT, "1")
    assert talking.handle(person, "1", "2").out["flow"] == "neglect_concern"
    assert [one["text"] for one in rasa.asked] == [HINT]


def test_the_record_is_free_while_rasa_is_asked(desk: Callable[[], Desk], log: AdviceLog) -> None:
    """Whoever else writes to the record does not wait for another server."""
    other = AdviceLog.open(log.path)
    held: list[bool] = []
    ask = RasaServer.ask

    def looked(server: RasaServer, text: str) -> Any:
        with other.transaction():
            held.append(True)
        return ask(server, text)

    talking = desk()
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(RasaServer, "ask", looked)
        talking.handle(talking.person("somebody"), HINT, "1")
    other.close()
    assert held == [True]


def test_a_record_from_before_is_brought_up_to_date_and_still_proves_itself(
    content: Library, clock: Clock, tmp_path: Path
) -> None:
    """Rows that were hashed before the column came keep their hash."""
    path = tmp_path / "before.db"
    log = AdviceLog.open(path)
    log.keep_content(content.version, "shipped", content.compiled, stamp(clock()))
    desk = Desk(log, content, clock=clock)
    desk.handle(desk.person("somebody"), Open("new_partner"), "1")
    log.connection.execute("ALTER TABLE turns DROP COLUMN matcher")
    log.connection.execute("DELETE FROM _sqlite_migrations WHERE name = 'm002_which_matcher'")
    log.close()
    old = AdviceLog.read(path)
    assert verify(old.connection)[1] is None
    old.close()
    log = AdviceLog.open(path)
    desk = Desk(log, content, clock=clock)
    desk.handle(desk.person("somebody"), Do("back"), "2")
    assert rows(log) == [("", ""), ("", "")]
    assert verify(log.connection)[1] is None
    log.close()


def test_who_answered_cannot_be_changed_unnoticed(desk: Callable[[], Desk], log: AdviceLog) -> None:
    """The column is in the chain: another matcher's name, or none, or one where there was none, is found."""
    talking = desk()
    talking.handle(talking.person("somebody"), HINT, "1")
    talking.handle(talking.person("somebody"), Do("back"), "2")
    log.connection.execute("DROP TRIGGER turns_is_never_changed")
    for turn, was, now in ((1, RASA, BUILTIN), (1, RASA, ""), (2, "", BUILTIN)):
        log.connection.execute("UPDATE turns SET matcher = ? WHERE n = ?", (now, turn))
        broken = verify(log.connection)[1]
        assert broken is not None
        assert broken.table == "turns"
        log.connection.execute("UPDATE turns SET matcher = ? WHERE n = ?", (was, turn))
    assert verify(log.connection)[1] is None


def test_reading_an_answer_never_trusts_it(content: Library) -> None:
    """The first named is not the surest: a nearer second makes it unsure, whatever the order."""
    wrong_order = answer("neglect_concern", 0.4, ("new_partner", 0.9))
    assert suggestion(wrong_order, content.flows).flow is None
    assert suggestion(answer("neglect_concern", 0.9, ("neglect_concern", 0.9)), content.flows).flow == "neglect_concern"
