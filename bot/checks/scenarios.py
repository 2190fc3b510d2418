"""What has to be true of an exercise: it can be played to its end by everybody, teaches what it says, and names nobody.

A mistake here stops this exercise, and never the live guidance.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from bot.checks.rules import forbidden
from bot.checks.structure import Asker
from bot.checks.words import BANNED, NATIONAL_LINES, NUMBER, OLDEST_FLOW, OLDEST_LINE
from bot.guard import Identifier, identifiers
from bot.models.scenarios import END, Quality
from bot.readability import reading_age
from bot.scenarios.knowing import can_be_known
from bot.scenarios.story import Story

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from bot.errors import Problem
    from bot.library import Library, Scripts
    from bot.models.scenarios import Decision, Scenario, Scene, SceneOption
    from bot.reading import Where

    Check = Callable[[Asker, Library, Story], Iterable[Problem]]

PART = "scenarios"
SURNAME = re.compile(r"(?!The )[A-Z][\w'-]+(?: [A-Z][\w'-]+)+")
BUTTON, SHORTEST_LINE = 20, 80
AUTHORS = frozenset({"says", "discuss", "listen_for", "reflect", "take_back", "closing", "warning", "about"})
"""Words of the author's own voice; people in the story may say what nobody should."""
UNKIND = {
    # At the head of a sentence it is told as a fact; "ask whether she is safe" is what an author should say.
    r"(?:^|[.!?:;,] )(?:so |now |then |and |but )*(?:them|he|she|they|(?:the|both|all the) (?:child|children|baby|boy|girl))"
    r" (?:is|are|was|were) (?:quite |perfectly |now )?safe\b": (
        "no exercise says that a child is safe; say what was done, and for whom"
    ),
    r"\b(need not|needn't|(do not|don't) (have|need) to) (tell|refer|ring|report)\b": "there is always somebody to tell",
    r"\byou(( have|'ve) (failed|let)| failed| let) (him|her|them|the child|this child|the baby|down)\b": (
        "nobody is blamed; say what it left open for the child"
    ),
    r"\b(is|was) your (own )?fault\b|\byou should have known\b": "nobody is blamed; say what there was to ask",
}
"""What an author's voice may not say, besides what guidance may not."""
TO_WRITE = re.compile(r"\bTO[ -]WRITE\b")
"""What stands where a story that was brought in left something open."""


def problems_of_scenario(library: Library, scenario: Scenario, scripts: Scripts) -> list[Problem]:
    """Return every problem of one exercise."""
    asker = Asker(scripts.origins, PART, scenario.id)
    story = Story(scenario)
    found = [problem for check in FORM for problem in check(asker, library, story)]
    if not found:  # only what is sound can be followed from scene to scene
        found = [problem for check in WAYS for problem in check(asker, library, story)]
    return found + list(words_are_fit(asker, library, story))


def problems_of_scripts(library: Library, scripts: Scripts) -> list[Problem]:
    """Return every problem of some exercises, those of their form included."""
    found = list(scripts.problems)
    for scenario in scripts.scenarios.values():
        found += problems_of_scenario(library, scenario, scripts)
    return found


def sound_stories(scripts: Scripts, problems: Iterable[Problem]) -> dict[str, Story]:
    """Return the exercises in whose files no problem was found, by id: the others are not offered."""
    wrong = {problem.file for problem in problems}
    places = scripts.origins.places
    return {one.id: Story(one) for one in scripts.scenarios.values() if places[PART, one.id][0].file not in wrong}


# --- ids ----------------------------------------------------------------------------------------------


def ids_are_unique(asker: Asker, _: Library, story: Story) -> Iterator[Problem]:
    """No id stands twice where one of them would be lost; a fact is known in the whole exercise."""
    scenario = story.scenario
    groups: list[tuple[Where, list[str], str]] = [
        (("scenes",), [scene.id for scene in scenario.scenes], "scene"),
        (("cast",), [one.id for one in scenario.cast], "character"),
        (("objectives",), [one.point for one in scenario.objectives], "objective"),
    ]
    seen: dict[str, str] = {}
    for place, scene in enumerate(scenario.scenes):
        at: Where = ("scenes", place)
        if scene.id == END:
            says = f"'{END}' is what the end is called: give this scene another id."
            yield asker.problem((*at, "id"), "id_taken", says)
        groups.append(((*at, "decisions"), [one.id for one in scene.decisions], "decision"))
        groups.append(((*at, "injects"), [one.id for one in scene.injects], "inject"))
        for number, decision in enumerate(scene.decisions):
            groups.append(((*at, "decisions", number, "options"), [one.id for one in decision.options], "option"))
        for number, fact in enumerate(scene.facts):
            if fact.id in seen:
                says = f"The fact '{fact.id}' is already in the scene '{seen[fact.id]}': facts are remembered, so give it another id."
                yield asker.problem((*at, "facts", number, "id"), "duplicate_fact_in_story", says)
            seen.setdefault(fact.id, scene.id)
    for where, ids, kind in groups:
        for place, name in enumerate(ids):
            if name in ids[:place]:
                says = f"The {kind} '{name}' is here twice: rename one."
                yield asker.problem((*where, place), "duplicate_in_story", says)


def sources_are_there(asker: Asker, library: Library, story: Story) -> Iterator[Problem]:
    """Every source that is cited is there."""
    for place, objective in enumerate(story.scenario.objectives):
        where: Where = ("objectives", place, "point")
        yield from _unknown_source(asker, library, objective.point, where)
    for where, sources in _sources(story):
        for number, source in enumerate(sources):
            yield from _unknown_source(asker, library, source, (*where, "sources", number))


def _unknown_source(asker: Asker, library: Library, source: str, where: Where) -> Iterator[Problem]:
    if TO_WRITE.search(source):
        says = "A source is still to be put in here: an id such as H9, which 'thinkchild search WORDS' finds."
        yield asker.problem(where, "to_write", says)
    else:
        yield from asker.unknown(source, library.sources, where, "unknown_source", "a source in knowledge/")


def scenes_name_what_is_there(asker: Asker, library: Library, story: Story) -> Iterator[Problem]:
    """Scenes, facts, flows and decisions that a scene names are there."""
    for place, scene in enumerate(story.scenario.scenes):
        for where, name, kind in _names(scene):
            known, what = _known(kind, scene, library, story)
            yield from asker.unknown(name, known, ("scenes", place, *where), f"unknown_{kind}", what)


def _names(scene: Scene) -> Iterator[tuple[Where, str, str]]:
    """Yield (where, name, what it names) for everything that a scene names."""
    if scene.next is not None:
        yield ("next",), scene.next, "scene"
    if scene.live is not None:
        yield ("live",), scene.live, "flow"
    for number, fact in enumerate(scene.facts):
        yield from ((("facts", number, "needs"), one, "fact") for one in fact.needs)
    for number, inject in enumerate(scene.injects):
        if inject.after is not None:
            yield ("injects", number, "after"), inject.after, "decision"
    for number, decision in enumerate(scene.decisions):
        for which, option in enumerate(decision.options):
            where: Where = ("decisions", number, "options", which)
            if option.next is not None:
                yield (*where, "next"), option.next, "scene"
            yield from (((*where, "needs"), one, "fact") for one in option.needs)


def _known(kind: str, scene: Scene, library: Library, story: Story) -> tuple[frozenset[str], str]:
    """Return what may be named, and what that is in words."""
    if kind == "scene":
        return frozenset({*story.scenes, END}), "a scene of this exercise, or 'end'"
    if kind == "flow":
        return frozenset(library.flows), "a flow"
    if kind == "fact":
        facts = (fact.id for one in story.scenario.scenes for fact in one.facts)
        return frozenset(facts), "a fact of this exercise"
    options = (f"{decision.id}.{option.id}" for decision in scene.decisions for option in decision.options)
    return frozenset({*(decision.id for decision in scene.decisions), *options}), "decided in this scene"


def _sources(story: Story) -> Iterator[tuple[Where, tuple[str, ...]]]:
    """Yield (where, sources) of everything that cites."""
    for place, scene in enumerate(story.scenario.scenes):
        for number, fact in enumerate(scene.facts):
            yield ("scenes", place, "facts", number), fact.sources
        for number, inject in enumerate(scene.injects):
            yield ("scenes", place, "injects", number), inject.sources
        for number, decision in enumerate(scene.decisions):
            for which, option in enumerate(decision.options):
                yield ("scenes", place, "decisions", number, "options", which), option.sources


# --- ways through it ----------------------------------------------------------------------------------


def time_goes_forward(asker: Asker, _: Library, story: Story) -> Iterator[Problem]:
    """A scene leads to later ones or to the end, so that every way ends."""
    for place, scene in enumerate(story.scenario.scenes):
        for where, following, kind in _names(scene):
            if kind == "scene" and following != END and story.places[following] <= place:
                says = f"'{scene.id}' leads back to '{following}': time goes forward, so lead to a later scene or to 'end'."
                yield asker.problem(("scenes", place, *where), "scene_leads_back", says)


def every_scene_is_reached(asker: Asker, _: Library, story: Story) -> Iterator[Problem]:
    """No scene is written that nobody will see."""
    for place, scene in enumerate(story.scenario.scenes):
        if scene.id not in story.before:
            says = f"Nobody reaches the scene '{scene.id}': let a 'next' lead to it, or take it out."
            yield asker.problem(("scenes", place, "id"), "scene_not_reached", says)


def facts_can_be_found(asker: Asker, _: Library, story: Story) -> Iterator[Problem]:
    """Each fact has something that brings it out, and time enough to ask."""
    for place, scene in enumerate(story.scenario.scenes):
        for number, fact in enumerate(scene.facts):
            where: Where = ("scenes", place, "facts", number)
            if not fact.prompt and not fact.asks:
                says = f"Nothing brings out the fact '{fact.id}': give it a 'prompt' to tap, or 'asks' to type."
                yield asker.problem(where, "fact_never_found", says)
            elif scene.id in story.before and not can_be_known(story, (fact.id,), scene.id, always=False):
                says = (
                    f"The fact '{fact.id}' can never be found: what it needs comes too late, needs it in turn, or takes more "
                    "questions than there is time for."
                )
                yield asker.problem(where, "fact_never_found", says)


def decisions_lead_on(asker: Asker, _: Library, story: Story) -> Iterator[Problem]:
    """Whoever found nothing can decide, and whoever asked well can decide well."""
    for place, scene in enumerate(story.scenario.scenes):
        if scene.id not in story.before:
            continue
        for number, decision in enumerate(scene.decisions):
            where: Where = ("scenes", place, "decisions", number)
            open_to_all = [option for option in decision.options if not option.needs]
            if len(open_to_all) < 2:  # noqa: PLR2004 - one is no choice
                says = f"'{decision.id}' leads nowhere for whoever found nothing: at least two options must be without 'needs'."
                yield asker.problem(where, "decision_leads_nowhere", says)
            if not any(can_be_known(story, option.needs, scene.id, always=True) for option in _better(decision)):
                says = f"Nobody can be sure to decide '{decision.id}' well: one 'better' option must be open to whoever asks in time."
                yield asker.problem(where, "no_better_option", says)
            for which, option in enumerate(decision.options):
                if not can_be_known(story, option.needs, scene.id, always=False):
                    says = f"Nobody can ever choose '{option.id}': what it needs comes too late, or takes more questions than there is time for."
                    yield asker.problem((*where, "options", which), "option_never_open", says)


def _better(decision: Decision) -> list[SceneOption]:
    return [option for option in decision.options if option.quality is Quality.BETTER]


def objectives_can_be_met(asker: Asker, _: Library, story: Story) -> Iterator[Problem]:
    """What the exercise is for can be learned in it."""
    for place, objective in enumerate(story.scenario.objectives):
        if next(story.carriers(objective.point), None) is None:
            says = f"Nobody can meet '{objective.point}': let a fact or a 'better' option cite it, or take it out."
            yield asker.problem(("objectives", place, "point"), "objective_never_met", says)


def it_fits_its_time(asker: Asker, _: Library, story: Story) -> Iterator[Problem]:
    """The longest way takes no longer than the exercise says."""
    if story.longest > story.scenario.minutes:
        says = f"The scenes of the longest way take {story.longest} minutes, but the exercise says {story.scenario.minutes}."
        yield asker.problem(("minutes",), "takes_too_long", says)


# --- words --------------------------------------------------------------------------------------------


def buttons_are_short(asker: Asker, _: Library, story: Story) -> Iterator[Problem]:
    """Promise P11: what stands on a button has a form that fits a narrow one."""
    for place, scene in enumerate(story.scenario.scenes):
        at: Where = ("scenes", place)
        for number, fact in enumerate(scene.facts):
            if fact.prompt and len(fact.short or fact.prompt) > BUTTON:
                says = (
                    f"The prompt '{fact.prompt}' is longer than {BUTTON} characters: add a 'short' for narrow buttons."
                )
                yield asker.problem((*at, "facts", number), "P11", says)
        for number, decision in enumerate(scene.decisions):
            for which, option in enumerate(decision.options):
                if len(option.short or option.label) > BUTTON:
                    says = f"The label '{option.label}' is longer than {BUTTON} characters: add a 'short' for narrow buttons."
                    yield asker.problem((*at, "decisions", number, "options", which), "P11", says)
            if "?" not in decision.ask:
                says = "A question has to have a question mark."
                yield asker.problem((*at, "decisions", number, "ask"), "no_question", says)


def words_are_fit(asker: Asker, _: Library, story: Story) -> Iterator[Problem]:
    """Plain words; nobody real; the author's own voice keeps to what may be said."""
    names = re.compile("|".join(rf"\b{re.escape(one.name)}(?:'?s)?\b" for one in story.scenario.cast), re.IGNORECASE)
    for place, one in enumerate(story.scenario.cast):
        if SURNAME.fullmatch(one.name):
            says = (
                f"'{one.name}' looks like somebody's whole name: first names only, so that nobody is meant by chance."
            )
            yield asker.problem(("cast", place, "name"), "H23", says)
    everything = []
    for where, words in texts_of(story.scenario):
        bare = " ".join(names.sub("them", words).split())
        for kind in identifiers(bare):
            if kind is not Identifier.PHONE:
                says = f"This looks as though it holds a {kind}: invent people, and name them in 'cast'."
                yield asker.problem(where, "H23", says)
        for number in NUMBER.findall(words):
            if number not in NATIONAL_LINES:
                yield asker.problem(where, "H22", f"The number {number} could be somebody's: take it out.")
        if TO_WRITE.search(words):
            yield asker.problem(where, "to_write", "This is still to be written: put your own words in its place.")
        if "{" in words or "}" in words:
            yield asker.problem(where, "placeholder", "Exercises are said as they stand: leave braces out.")
        if AUTHORS.intersection(map(str, where)):
            yield from _in_the_author_s_voice(asker, where, bare)
        if where[-1] in ("label", "prompt", "name", "title") or "asks" in where:
            continue
        everything.append(words)
        age = reading_age(words)
        if age > OLDEST_LINE and len(words) > SHORTEST_LINE:
            says = f"The reading age of this is {age:.0f}; at most {OLDEST_LINE:.0f} is plain enough: use shorter sentences and words."
            yield asker.problem(where, "P11", says)
    age = reading_age(" ".join(everything))
    if age > OLDEST_FLOW:
        says = f"The reading age of the whole is {age:.1f}; at most {OLDEST_FLOW:.0f} is plain enough."
        yield asker.problem((), "P11", says)


def _in_the_author_s_voice(asker: Asker, where: Where, words: str) -> Iterator[Problem]:
    for pattern, instead in (BANNED | UNKIND).items():
        if found := re.search(pattern, words, re.IGNORECASE):
            said = found[0].strip(" .!?:;,")
            yield asker.problem(where, "forbidden_words", f"'{said}' may not be said: {instead}.")
    for rule, said, instead in forbidden(words):
        yield asker.problem(where, rule, f"'{said}' may not be said: {instead}.")


def texts_of(scenario: Scenario) -> Iterator[tuple[Where, str]]:
    """Yield (where, words) for everything an exercise says."""

    def walk(value: object, where: Where) -> Iterator[tuple[Where, str]]:
        if isinstance(value, str):
            if where and where[-1] not in NO_WORDS and "sources" not in where and "needs" not in where:
                yield where, value
        elif isinstance(value, dict):
            for key, one in value.items():
                yield from walk(one, (*where, key))
        elif isinstance(value, list | tuple):
            for place, one in enumerate(value):
                yield from walk(one, (*where, place))

    yield from walk(scenario.model_dump(mode="json", exclude_none=True), ())


NO_WORDS = frozenset({"id", "point", "next", "after", "live", "quality"})
FORM: tuple[Check, ...] = (
    ids_are_unique,
    sources_are_there,
    scenes_name_what_is_there,
    buttons_are_short,
)
WAYS: tuple[Check, ...] = (
    time_goes_forward,
    every_scene_is_reached,
    facts_can_be_found,
    decisions_lead_on,
    objectives_can_be_met,
    it_fits_its_time,
)
