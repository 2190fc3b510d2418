"""What a Twine story may hold beside words (macros, scripts, HTML, code): taken out and told, never dropped in silence."""

from __future__ import annotations

import re

from bot.scenarios.twee_form import INVISIBLE, shown

_PAIRED = {"<<": ">>", "<%": "%>", "<!--": "-->", "/*": "*/", "/%": "%/"}
_OPENING = re.compile(
    r"<<|<%|<!--|/\*|/%"
    r"|\((?P<macro>[A-Za-z][\w-]{0,40}):"
    r"|(?P<tag></?[A-Za-z][^<>\n]{0,300}>)"
    r"|(?P<image>\[img\[[^\[\]\n]{0,300}\](?:\[[^\[\]\n]{0,300}\])?\])"
    r"|(?P<style>''|\*\*|(?<!:)//)"
    rf"|(?P<odd>[\x00-\x08\x0b\x0c\x0e-\x1f\x7f{INVISIBLE}])"
)
MAY_BE_CODE = re.compile(
    r"\$[A-Za-z_]\w{0,40}|^\{[^{}\n]{1,100}\}$|^\[(?:if|unless|after|cont)\b[^\[\]\n]{0,100}\]$", re.MULTILINE
)
_HARLOWE = """
set put move if unless else-if elseif else print display link link-goto link-replace link-reveal link-repeat
link-undo link-show link-rerun link-fullscreen goto go-to undo restart random either a array dm datamap ds
dataset text str string num text-style text-colour text-color colour color background bg font align box
transition t8n transition-time live stop event click click-replace click-goto click-append mouseover mouseout
replace append prepend show hide hidden input input-box force-input dropdown checkbox cycling-link seq-link for
loop while save-game load-game savegame loadgame history passage visited alert prompt confirm css hook enchant
change after more dialog meter icon-undo icon-redo icon-restart toggle count conditional cond nth min max round
floor ceil range shuffled sorted reload page scroll window collapse line-style
"""
MACROS = frozenset(_HARLOWE.split())
"""Of Harlowe. Other words in such brackets are most often just that: "(note: he is three)"."""
_SHOWN_AT_MOST = 5


def words_only(text: str) -> tuple[str, list[str]]:
    """Return a text without markup, and what was taken out of it, each as it stood."""
    kept: list[str] = []
    found: list[str] = []
    closing = _closing_brackets(text)
    missing: set[str] = set()
    place = 0
    while (opening := _OPENING.search(text, place)) is not None:
        kept.append(text[place : opening.start()])
        end = _end_of(text, opening, closing, missing)
        if end is None:
            kept.append(opening[0])
            end = opening.end()
        elif opening["style"]:
            found.append("marks for bold or italics")
        elif opening["odd"]:
            found.append("invisible characters")
        else:
            found.append(text[opening.start() : end])
        place = end
    kept.append(text[place:])
    return "".join(kept), list(dict.fromkeys(found))


def _end_of(text: str, opening: re.Match[str], closing: dict[int, int], missing: set[str]) -> int | None:
    """Return where a piece of markup ends; nothing when it is none after all."""
    if opening["macro"]:
        known = opening["macro"].lower() in MACROS
        return closing.get(opening.start()) if known else None
    if opening["tag"] or opening["image"] or opening["style"] or opening["odd"]:
        return opening.end()
    sign = opening[0]
    end = -1 if sign in missing else text.find(_PAIRED[sign], opening.end())
    if end < 0:
        missing.add(sign)  # nor will a later one be closed: do not look again
        return None
    return end + len(_PAIRED[sign])


def _closing_brackets(text: str) -> dict[int, int]:
    """Return, for each opening round bracket, the place behind its closing one."""
    found: dict[int, int] = {}
    waiting: list[int] = []
    for bracket in re.finditer(r"[()]", text):
        if bracket[0] == "(":
            waiting.append(bracket.start())
        elif waiting:
            found[waiting.pop()] = bracket.end()
    return found


def listed(found: list[str]) -> str:
    """Say what was taken out, in one line."""
    some = ", ".join(
        piece if piece.replace(" ", "").isalpha() else f"«{shown(piece)}»" for piece in found[:_SHOWN_AT_MOST]
    )
    return some + (f" and {len(found) - _SHOWN_AT_MOST} more" if len(found) > _SHOWN_AT_MOST else "")
