"""Scenarios for tests: one that uses every key of the format, and any that the format allows."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

from bot.models.scenarios import Scenario
from bot.reading import parse_as, read_yaml

if TYPE_CHECKING:
    from hypothesis.strategies import DrawFn, SearchStrategy

SAMPLE = Path(__file__).parent / "data" / "sample_scenario.yaml"
MARKUP = (
    "[[a->b]]", "[[b<-a]]", "[[a|b]]", "<<if $x>>", "(set: $x to 1)", "(note: so)", "''bold''", "//it//", "<!-- no -->", "-->", "--",
    "::", ":: Name [tag]", "\\::", "\\", "&amp;", "&", "<b>", "$money", "_x", "{x}", "[x]", "|", " | ", "key: value", "~~", "^^", "=",
    "0. one", "- one", "* one", "# one", "! one", "EXERCISE, not real.", "\n", "\n\n", "\t", " ", "  ", "\u2028", "\u200d", "\ufeff", "é", "☃", "👩\u200d👧",
)  # fmt: skip
"""What a format of Twine, Twee, HTML or YAML could take for more than words."""


@cache
def sample() -> Scenario:
    """Return the scenario that uses every key of the format."""
    document = read_yaml(SAMPLE, SAMPLE.name)
    scenario = parse_as(Scenario, document)
    assert scenario is not None, document.problems
    assert not document.problems
    return scenario


def reworked(**changes: Any) -> Scenario:
    """Return the sample with other values in it; `scene` changes its first scene."""
    data = sample().model_dump(mode="json")
    data["scenes"][0] |= changes.pop("scene", {})
    return Scenario.model_validate(data | changes)


def texts(longest: int) -> SearchStrategy[str]:
    """Make texts of words and markup that stay what they are when their ends are stripped."""
    letters = st.text(st.characters(exclude_categories=("Cc", "Cs")), max_size=12)
    joined = st.lists(st.one_of(letters, st.sampled_from(MARKUP), st.just("word ")), min_size=1, max_size=8).map(
        "".join
    )
    return joined.map(lambda text: text[:longest].strip()).filter(bool)


ids = st.from_regex(r"[a-z][a-z0-9_]{0,12}", fullmatch=True)
sources = st.lists(
    st.from_regex(r"[A-Za-z][A-Za-z0-9]{0,4}(-[A-Za-z0-9]{1,3}){0,2}", fullmatch=True), min_size=1, max_size=3
)
minutes = st.integers(1, 240)


@st.composite
def maybe(draw: DrawFn, key: str, values: SearchStrategy[Any]) -> dict[str, Any]:
    """Make a key that may be left out."""
    return {key: draw(values)} if draw(st.booleans()) else {}


@st.composite
def facts(draw: DrawFn, name: str) -> dict[str, Any]:
    """Make a fact."""
    made = {"id": name, "text": draw(texts(600)), "sources": draw(sources)}
    made |= draw(maybe("prompt", texts(60))) | draw(maybe("short", texts(20)))
    return made | draw(maybe("asks", st.lists(texts(50), max_size=3))) | draw(maybe("needs", st.lists(ids, max_size=2)))


@st.composite
def options(draw: DrawFn, name: str, scenes: list[str]) -> dict[str, Any]:
    """Make an option."""
    made = {"id": name, "label": draw(texts(60)), "says": draw(texts(600)), "sources": draw(sources)}
    made["quality"] = draw(st.sampled_from(["better", "partly", "worse"]))
    made |= draw(maybe("short", texts(20))) | draw(maybe("needs", st.lists(ids, max_size=2)))
    return made | draw(maybe("next", st.sampled_from([*scenes, "end"])))


@st.composite
def scenes(draw: DrawFn, name: str, others: list[str], *, unique: bool) -> dict[str, Any]:
    """Make a scene."""

    def some(least: int, most: int) -> list[str]:
        return draw(st.lists(ids, min_size=least, max_size=most, unique=unique))

    made = {"id": name, "title": draw(texts(60)), "minutes": draw(minutes), "narrative": draw(texts(900))}
    made["facts"] = [draw(facts(one)) for one in some(0, 3)]
    made["decisions"] = [
        {"id": one, "ask": draw(texts(600)), "options": [draw(options(two, others)) for two in some(2, 3)]}
        for one in some(0, 2)
    ]
    refs = [None, *(one["id"] for one in made["decisions"])]
    refs += [f"{one['id']}.{two['id']}" for one in made["decisions"] for two in one["options"]]
    made["injects"] = [
        {"id": one, "text": draw(texts(600)), "sources": draw(sources), "after": draw(st.sampled_from(refs))}
        | draw(maybe("minutes", minutes))
        for one in some(0, 2)
    ]
    made |= draw(maybe("questions", st.integers(1, 12))) | draw(maybe("live", ids)) | draw(maybe("reflect", texts(600)))
    made |= draw(maybe("next", st.sampled_from([*others, "end"])))
    hold = {"discuss": draw(texts(600)), "before_deciding": draw(st.booleans())} | draw(maybe("minutes", minutes))
    hold |= draw(maybe("listen_for", st.lists(texts(600), max_size=3)))
    return made | draw(maybe("hold", st.just(hold)))


@st.composite
def scenarios(draw: DrawFn, *, unique: bool = True) -> Scenario:
    """Make any scenario the format allows; with `unique`, ids that stand side by side differ, as the check demands."""
    names = draw(st.lists(ids.filter(lambda name: name != "end"), min_size=1, max_size=3, unique=unique))
    return Scenario.model_validate(
        {
            "id": draw(ids),
            "title": draw(texts(60).filter(lambda title: not title.startswith("\\:") and "\n\\:" not in title)),
            "about": draw(texts(300)),
            "audience": draw(texts(160)),
            "minutes": draw(minutes),
            "warning": draw(texts(600)),
            "objectives": [{"point": source, "take_back": draw(texts(600))} for source in draw(sources)],
            "cast": [
                {"id": draw(ids), "name": draw(texts(30)), "who": draw(texts(160))}
                for _ in range(draw(st.integers(1, 2)))
            ],
            "scenes": [draw(scenes(name, names, unique=unique)) for name in names],
            "closing": draw(texts(600)),
        }
    )
