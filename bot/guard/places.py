"""Postcodes, addresses, and named schools and homes.

A named school is taken for an address: with a year and a story it is enough to know a child by. A town is not. Patterns of
our own: the package that knows all postcodes fetches a database at run time, and the form (with its fixed letters) is enough.
"""

from __future__ import annotations

import re

from bot.guard.kinds import Found, Identifier
from bot.guard.lists import words_of

_POSTCODE = re.compile(
    r"(?<![\w-])(?:GIR ?0AA|[A-PR-UWYZ](?:\d{1,2}|[A-HK-Y]\d{1,2}|\d[A-HJKPS-UW]|[A-HK-Y]\d[ABEHMNPRV-Y])\s{0,2}-?\d[ABD-HJLNP-UW-Z]{2})(?![\w-])",
    re.IGNORECASE,
)
# "in Y3 2nd term", "P5 1st": an ending of a number is no end of a postcode; nor is "KS2 2pm" or "S47 3pm".
_NO_POSTCODE = re.compile(r"\d(?:st|nd|rd|th|pm|am)$", re.IGNORECASE)
_KINDS_OF_STREET = (
    r"street|st|road|rd|avenue|ave|lane|ln|close|cl|drive|crescent|cres|terrace|way|court|ct|place|pl|gardens|gdns|grove|square|sq|hill|row|walk|mews|"
    r"rise|view|parade|green|park|house|cottages?|heights|towers?"
)
_SURE_STREET = (
    r"street|road|rd|avenue|ave|lane|ln|close|drive|crescent|cres|terrace|gardens|gdns|grove|square|mews|court"
)
_NUMBER = r"\b(?!(?:999|101|111|112)\b)\d{1,4}\s?[a-d]?\b,?"
_ORDINARY = (
    r"the|a|an|in|on|of|and|or|down|up|at|to|by|from|this|that|my|our|their|her|his|near|is|are|was|were|with|for|off|over|across|along|into|"
    r"minutes?|mins?|hours?|hrs?|days?|weeks?|wks?|months?|years?|yrs?|yr|yo|times|children|kids|boys?|girls?|lads?|bruises?|marks?|bed|mile|miles|"
    r"doors?|cars?|people|men|adults|metres|per|main|busy|same|wrong|next|other|old|very|so|who|we|they|he|she|it|stay|live|under|within|"
    r"have|had|has|missed|calls?|visits?|more|of|year|a|get|getting|been|went|really|too|long|first|second|am|pm|st|nd|rd|th|out|back|all|no|not|came|come"
)
_ADDRESSES = (
    re.compile(rf"{_NUMBER}\s+(?:[A-Z][a-zA-Z'-]+\s+){{1,3}}(?i:{_KINDS_OF_STREET})\b"),
    re.compile(
        rf"{_NUMBER}\s+(?!(?:{_ORDINARY})\b)(?:(?!(?:{_ORDINARY})\b)[a-z'-]+\s+){{1,2}}(?:{_SURE_STREET}|st)\b",
        re.IGNORECASE,
    ),
    re.compile(rf"\b\d{{1,4}}[a-d]?\s+the\s+(?:{_SURE_STREET})\b", re.IGNORECASE),
    re.compile(
        r"\b(?:flat|apartment|apt|unit|room)\s?(?:no\.?\s?)?\d{1,3}[a-d]?\b,?\s+(?:\d{1,4}[a-d]?,?\s+)?(?:[A-Z][a-zA-Z'-]+\s+){1,3}(?i:house|court|point|tower|heights|buildings?|mansions|lodge|block|street|st|road|rd|lane|ln)\b"
    ),
    # A street without a number, where somebody is said to live there.
    re.compile(
        rf"\b(?i:lives?|living|stay(?:s|ing)?|moved|moving|house|flat|home|address|based|sleeps?|sleeping)\b\s(?:\w+\s){{0,2}}?(?i:on|in|at|to|is|off)\s+(?!(?:{_ORDINARY})\b)(?:(?!(?:{_ORDINARY})\b)[A-Za-z'-]+\s+){{1,2}}(?:(?i:street|road|rd|avenue|ave|lane|ln|crescent|cres|terrace|gardens|gdns|mews)|Close|Drive|Court|Square|Grove)\b"
    ),
    re.compile(r"\b[A-Z][a-z'-]+\s(?:Cottage|Farm|Lodge|Villa|Manor),\s(?:[A-Z][a-z'-]+\s?){1,3}"),
)
_SCHOOLS = r"primary|academy|infants?|juniors?|nursery|pre-?school|school|college|high|grammar|secondary|kindergarten|playgroup|sixth\sform|children'?s\shome|childrens\shome"
_SCHOOL_WORDS = words_of(
    "a an the our my her his their your its this that any each every same new old local nearby special specialist primary secondary infant infants junior juniors middle "
    "high boarding private independent state public faith church catholic cofe muslim islamic jewish christian hindu sikh sunday saturday day village town city "
    "community grammar comprehensive nursery pre prep preparatory maintained free sports stage drama forest mainstream alternative summer holiday after before "
    "breakfast royal technical further fe sixth form art music language dance ballet driving welsh english polish arabic mosque girls boys mixed single sex "
    "big small large good bad great whole another other some no at from in to of and or for with about by when if is was are has have had left leaving leave moved moving "
    "starting started start starts attend attends attending attended skipping skip missing missed off into outside inside near between through his child children kid kids "
    "mum dad pupil student teacher head staff online home play early years early-years year term term-time key stage family nhs national council local-authority social "
    "not miss misses avoid avoids hates hate likes like love loves since until till during every one two three four five six first second third last next both all most many "
    "feeder previous current present former different big-city rural inner-city linked attached named approved unregistered registered illegal religious supplementary hospital "
    "residential secure therapeutic virtual cadet police military medical law business training infant-junior university uni work workplace me him them us it i we he she they you "
    "than then so as but only just also even still that's what which who where why how call called ring told tell ask asked say says said be being been do does did done can could "
    "would should will may might must shall go goes going gone went get gets got getting refuse refuses refusing refused school schools up down out over back on day-care daycare "
    "very too high low pick picks picked drop drops dropped collect collects collected walk walks walked bring brings brought choose chose chosen change changed changing changes sch "
    "quiet loud busy excluded expelled suspended removed returned returning return returns settle settled transition transferring transfer transferred finish finished finishes"
)
_SCHOOL = re.compile(
    rf"\b((?:(?:St|Saint|st|Our Lady|The|the)\.?\s)?)([A-Za-z][A-Za-z'-]+\s)?([A-Za-z][A-Za-z'-]+)\s((?i:{_SCHOOLS}))\b"
)


def places(text: str) -> list[Found]:
    """Return postcodes, addresses, and named schools and homes."""
    things = [
        Found(*match.span(), Identifier.POSTCODE)
        for match in _POSTCODE.finditer(text)
        if not _NO_POSTCODE.search(match[0])
    ]
    for pattern in _ADDRESSES:
        things += [Found(*match.span(), Identifier.ADDRESS) for match in pattern.finditer(text)]
    things += [Found(*match.span(), Identifier.ADDRESS) for match in _SCHOOL.finditer(text) if _is_named(match)]
    return things


def _is_named(match: re.Match[str]) -> bool:
    """Say whether a school is called by a name of its own: after "St", or by a word in capitals that no kind of school has."""
    last, kind = match[3], match[4]
    if match[1].strip().lower().rstrip(".") in {"st", "saint"}:
        return True
    if last.lower().removesuffix("'s") in _SCHOOL_WORDS:
        return False
    ordinary_ends = {"high", "secondary", "infant", "infants", "junior", "juniors", "college", "school", "nursery"}
    return last[0].isupper() and not last.isupper() and (kind[0].isupper() or kind.lower() not in ordinary_ends)
