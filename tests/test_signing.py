"""Approval by a safeguarding lead: what makes a flow a draft again, where it is said, and what is offered unsigned."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from content import keep, reworded, signed
from walking import Talk, do, kinds, offered, texts

from bot.channels.jsonl import BadLineError, read_line
from bot.errors import SetupError
from bot.events import Chose, Do, Open, Unclear
from bot.models import Moment
from bot.pages import receipt_page, receipt_text
from bot.replay import Visit, say
from bot.session import Desk
from bot.signing import digest_of, routes_of, signature_of, standing

if TYPE_CHECKING:
    from collections.abc import Callable

    from walking import Clock

    from bot.advice_log import AdviceLog
    from bot.library import Library

FLOW, OTHER = "mark_on_child", "new_partner"
KINDLY = "not approved here yet"


@pytest.fixture(scope="module")
def approved(content: Library) -> Library:
    """Return the shipped content with one flow signed."""
    return signed(content, FLOW)


def is_signed(library: Library, flow: str = FLOW) -> bool:
    """Say whether a flow is approved as it stands."""
    return signature_of(library, flow) is not None


def test_a_signature_stands_under_the_flow_it_names_and_no_other(approved: Library, content: Library) -> None:
    """Signed as it stands: that flow alone; before, none."""
    assert is_signed(approved)
    assert not is_signed(approved, OTHER)
    assert not any(is_signed(content, flow) for flow in content.flows)


def words_of(library: Library, which: str) -> str:
    """Return some words the signed flow says, of one kind."""
    routes = routes_of(library, library.flows[FLOW])
    steps = [step for route in routes.values() for step in route.steps]
    action = next(action for step in steps for action in getattr(step, "act", ()) if action.who != "you")
    match which:
        case "its own words":
            return library.flows[FLOW].about
        case "a shared step":
            return next(step.ask for step in library.blocks["danger_check"].steps if hasattr(step, "ask"))
        case "the 999 card":
            return next(step.ask for step in library.blocks["emergency"].steps if hasattr(step, "ask"))
        case "a step that an answer opens":
            called = {FLOW, "emergency"}
            opened = [o.open for step in steps for o in getattr(step, "options", ()) if o.open in library.blocks]
            assert opened, called
            return library.blocks[opened[0]].title
        case "a source":
            return library.sources["H9"].text
        case "where a source stands":
            return library.documents[library.sources["H9"].document].title
        case "an action":
            return library.actions[action.do].says
        case "who does it":
            return library.actors[action.who].says
        case "by when":
            return library.content.vocabulary.by["before_contact"]
        case "whom to reach where no number is set":
            return library.contacts["emergency_duty_team"].fallback
        case "the ladder":
            return library.content.rungs[1].text
    raise AssertionError(which)


@pytest.mark.parametrize(
    "which",
    [
        "its own words",
        "a shared step",
        "the 999 card",
        "a step that an answer opens",
        "a source",
        "where a source stands",
        "an action",
        "who does it",
        "by when",
        "whom to reach where no number is set",
        "the ladder",
    ],
)
def test_a_change_of_anything_a_flow_says_makes_it_a_draft_again(approved: Library, which: str) -> None:
    """A word in the flow, in shared steps, in a source or in the vocabulary: the lead has to look again."""
    said = words_of(approved, which)
    assert not is_signed(reworded(approved, said, f"{said} Really"))


def test_a_change_elsewhere_leaves_a_signature_standing(approved: Library) -> None:
    """Another flow, a block or source this flow does not use, a fixed line, an area's note: still approved."""
    flow = approved.flows[FLOW]
    routes = routes_of(approved, flow)
    unused = next(block for name, block in approved.blocks.items() if name not in routes)
    for said in (
        approved.flows[OTHER].about,
        unused.title,
        approved.lines["help"].text,
        approved.areas["demonstration"].note,
    ):
        assert is_signed(reworded(approved, said, f"{said} Really")), said


def test_the_same_words_always_have_the_same_digest(content: Library) -> None:
    """Reading again, or seeing the content from an area, changes no digest; every flow has its own."""
    again = type(content).from_compiled(content.compiled, content.version)
    for flow in content.flows:
        assert (
            digest_of(again, flow) == digest_of(content, flow) == digest_of(content.at("england", "2026-11-21"), flow)
        )
    assert len({digest_of(content, flow) for flow in content.flows}) == len(content.flows)


def test_the_latest_of_two_signatures_is_named(content: Library) -> None:
    """Signed again by somebody else: the newer one is said."""
    twice = signed(signed(content, FLOW, role="first"), FLOW, role="second", on="2026-11-22")
    assert standing(twice, twice.flows[FLOW]) == "Approved as it stands by a safeguarding lead (second) on 2026-11-22."


@pytest.fixture
def desk_on(log: AdviceLog, clock: Clock, matchers: dict[str, Any]) -> Callable[..., Talk]:
    """Return a way to talk to a desk that has some content."""

    def begin(library: Library, *, require_signed: bool = False, who: str = "somebody") -> Talk:
        keep(log, library)
        desk = Desk(log, library, area="demonstration", require_signed=require_signed, clock=clock)
        desk.shelf.matchers = matchers
        return Talk(desk, desk.person(who))

    return begin


def test_the_first_screen_the_summary_and_the_receipt_say_who_approved_it_in_which_role(
    approved: Library, desk_on: Callable[..., Talk], log: AdviceLog
) -> None:
    """By role and day, where 'draft' would stand; the name of the lead is nobody's business here."""
    talk = desk_on(approved)
    opened = talk.go(FLOW)
    says = "Approved as it stands by a safeguarding lead (designated safeguarding lead) on 2026-11-20."
    assert says in texts(opened)
    said = talk.choose("no_sign", "soon", "not_mobile", "go_on")
    code = said.out["receipt"]
    text, page = receipt_text(log, code), receipt_page(log, code)
    assert text is not None
    assert page is not None
    for shown in (text, page):
        assert says in shown
        assert "Draft guidance" not in shown
        assert "A. Lead" not in shown
    draft = desk_on(approved, who="another").go(OTHER)
    assert "Draft guidance" in texts(draft)
    assert says not in texts(draft)


def test_one_draft_among_what_was_gone_through_makes_the_whole_a_draft(
    approved: Library, desk_on: Callable[..., Talk], log: AdviceLog
) -> None:
    """A receipt of a signed and an unsigned flow says which is which."""
    talk = desk_on(approved)
    talk.go(FLOW, "no_sign")
    said = talk.say(Open(OTHER))
    text = receipt_text(log, said.out["receipt"])
    assert text is not None
    assert f"{approved.flows[OTHER].title}: Draft guidance" in text
    assert f"{approved.flows[FLOW].title}: Approved" in text


def test_the_summary_says_approved_only_if_everything_before_it_was(
    approved: Library, content: Library, desk_on: Callable[..., Talk]
) -> None:
    """The closing line of a conversation through a signed and a draft flow says draft."""
    alone = desk_on(approved)
    assert "Approved as it stands" in alone.to_the_end(alone.go(FLOW)).out["replies"][-1]["text"]
    mixed = desk_on(signed(content, FLOW, OTHER, role="x"), who="b")
    assert "Approved as it stands" in mixed.to_the_end(mixed.go(OTHER)).out["replies"][-1]["text"]
    draft = desk_on(approved, who="c")
    draft.go(FLOW, "no_sign")
    last = draft.to_the_end(draft.say(Open(OTHER))).out["replies"][-1]["text"]
    assert "Draft guidance" in last
    assert "Approved" not in last


# --- only what is signed is offered --------------------------------------------------------------------


@pytest.fixture
def strict(approved: Library, desk_on: Callable[..., Talk]) -> Talk:
    """Talk to a desk that offers signed flows only; one is signed."""
    return desk_on(approved, require_signed=True)


def test_the_menu_offers_signed_flows_alone(strict: Talk, approved: Library) -> None:
    """One part of the menu is left, with one flow in it, and the exit for a child or parent."""
    greeted = strict.say(Do("begin"))
    group = approved.flows[FLOW].group
    assert offered(greeted) == [group, "who_is_writing"]
    assert offered(strict.say(Chose((group,)))) == [FLOW, "menu"]


@pytest.mark.parametrize("given", [Open(OTHER), Chose((OTHER,))], ids=["a deep link", "an old button"])
def test_an_unsigned_flow_is_refused_kindly_and_the_menu_comes(strict: Talk, given: Any) -> None:
    """999 first, whom to tell instead, and what there is; nothing of the flow is said."""
    strict.say(Do("begin"))
    said = strict.say(given)
    assert said.out["flow"] is None
    assert KINDLY in texts(said)
    assert "999" in said.out["replies"][0]["text"]
    assert "safeguarding lead" in said.out["replies"][0]["text"]
    assert offered(said)


def test_words_that_lead_to_an_unsigned_flow_are_answered_kindly(strict: Talk, approved: Library) -> None:
    """A clear match and a choice among unsigned flows alike: not offered, and never an empty choice."""
    strict.say(Do("begin"))
    for words in ("a new partner has moved in", approved.flows[OTHER].title, "home education"):
        said = strict.say(words)
        assert said.out["flow"] is None, words
        for reply in said.out["replies"]:
            unsigned = {o["id"] for o in reply["options"]} & set(approved.flows) - {FLOW}
            assert not unsigned, words
        assert KINDLY in texts(said) or said.out["decision"] in {"choose", "unknown"}, words
        assert set(offered(said)) != {"menu"}, words


def test_a_choice_among_unsigned_flows_alone_is_no_choice(approved: Library) -> None:
    """Nothing to choose from is said in so many words; of a mixed choice only what is signed is kept."""
    library = approved.only_signed()
    none = do(library, Unclear((OTHER, "home_education")))
    assert none.replies[0].step == "not_signed"
    assert none.state.interrupt is None
    some = do(library, Unclear((OTHER, FLOW)))
    assert some.state.interrupt is not None
    assert some.state.interrupt.offers == (FLOW,)


def test_words_for_a_signed_flow_open_it(strict: Talk) -> None:
    """What is approved is there as ever."""
    assert strict.say("I've seen a mark on a child").out["flow"] == FLOW


def test_an_answer_that_would_open_an_unsigned_flow_is_not_offered(
    content: Library,
) -> None:
    """`open:` options lead to shared steps always, to a flow only when it is signed; choosing one anyway is refused."""
    opens = [
        (flow.id, step.id, option.id, option.open)
        for flow in content.flows.values()
        for step in flow.steps
        for option in getattr(step, "options", ())
        if option.open in content.flows
    ]
    if not opens:
        pytest.skip("no question opens a flow at present")
    flow, step_id, option, other = opens[0]
    step = next(step for step in content.flows[flow].steps if step.id == step_id)
    visit = Visit(f"{flow}/{step_id}", "", step, Moment.UNKNOWN, frozenset())
    alone, both = signed(content, flow).only_signed(), signed(content, flow, other).only_signed()
    assert option in {shown.id for shown in say(content, visit).options}
    assert option not in {shown.id for shown in say(alone, visit).options}
    assert option in {shown.id for shown in say(both, visit).options}


def test_danger_comes_first_whatever_is_signed(strict: Talk) -> None:
    """Words that mean danger raise the card even where the flow they are about is not signed, and then it is refused."""
    said = strict.say("new partner and the baby is not breathing")
    assert "danger" in kinds(said)
    after = strict.choose(offered(said)[1])
    assert after.out["flow"] is None
    assert KINDLY in texts(after)
    assert offered(after)


def test_a_program_is_told_of_signed_flows_alone(strict: Talk) -> None:
    """The JSON channel names, for a mistyped flow, only what may be opened; an unsigned one is refused in words."""
    with pytest.raises(BadLineError) as error:
        read_line(strict.desk, '{"open": "mark_on_chid"}')
    assert OTHER not in str(error.value)
    assert "Did you mean 'mark_on_child'?" in str(error.value)
    assert read_line(strict.desk, f'{{"open": "{OTHER}"}}') == Open(OTHER)


def test_with_nothing_signed_there_is_no_desk(content: Library, desk_on: Callable[..., Talk]) -> None:
    """One sentence that says how to sign, or how to do without."""
    with pytest.raises(SetupError, match=r"thinkchild sign FLOW .* leave --require-signed out"):
        desk_on(content, require_signed=True)


def test_whoever_began_before_anything_was_signed_is_offered_what_is_signed_now(
    content: Library, approved: Library, desk_on: Callable[..., Talk]
) -> None:
    """A conversation that only saw the menu does not hang on to content of which nothing may be offered."""
    desk_on(content).say(Do("begin"))
    later = desk_on(approved, require_signed=True)
    assert offered(later.say(Do("begin"))) == [approved.flows[FLOW].group, "who_is_writing"]


def test_whoever_is_in_the_middle_finishes(content: Library, approved: Library, desk_on: Callable[..., Talk]) -> None:
    """Somebody in the middle of a flow is not left alone with half of it."""
    desk_on(content).go(OTHER, "no_sign")
    said = desk_on(approved, require_signed=True).say(Do("again"))
    assert said.out["flow"] == OTHER


def test_the_commands_of_a_telegram_bot_name_signed_flows_alone(approved: Library) -> None:
    """The list of commands is an offer too."""
    pytest.importorskip("telegram.ext")
    import asyncio  # noqa: PLC0415

    from bot.channels.telegram.service import _introduce  # noqa: PLC0415

    class Telegram:
        """Keeps the commands that are set."""

        commands: tuple[str, ...] = ()

        async def set_my_commands(self, commands: Any) -> None:
            self.commands = tuple(command.command for command in commands)

        async def set_my_description(self, _: str) -> None:
            pass

    there = Telegram()
    asyncio.run(_introduce(there, approved.only_signed()))  # type: ignore[arg-type] # as much of a bot as is used
    assert FLOW in there.commands
    assert OTHER not in there.commands
    assert "danger" in there.commands
