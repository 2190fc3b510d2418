"""Names of people: by lists, and by where they stand.

Three kinds of words are told apart. *Tyler* is a name however it is typed. *Okonkwo* is one where it has a capital. *Grace*,
*Will* and *Mark* are words: they are names after a title, after "called" and the like, in front of what people do, or with a
capital in the middle of a sentence - but a mark on a child is never a child called Mark. Initials count where they are
dotted and stand behind a word for a person ("child T.S."): bare ones look like every short form of the work.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.guard import lists
from bot.guard.kinds import Found, Identifier
from bot.guard.lists import words_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

_WORD = re.compile(r"[A-Za-z]+(?:['-][A-Za-z]+)*")
_LIKE_A_NAME = re.compile(r"(?:Ma?c|O')?[A-Z][a-z]+(?:['-][A-Z]?[a-z]+)*")
_ENDS = re.compile(r"(?:[.!?:;\n\"(*>-]|(?<![A-Za-z])')\s*$")
_LAWS = re.compile(
    r"\b(?:[A-Za-z]+'s\s(?:law|rule)|(?:clare|claire|sarah|martha|jade)s\s(?:law|rule)|(?:st|saint)\.?\s[A-Z][a-z]+(?:'s)?\s(?:day|hospital|park)|[A-Z][a-z]+\s(?:report|inquiry|review|guidelines?|competen\w+|principles?)|"
    r"victoria\sclimbi\w|arthur\slabinjo.hughes|star\shobson|daniel\spelka|sara\ssharif|jimmy\ssavile|lucy\sfaithfull?|marie\scollins|peter\sconnelly|wendy\shouses?|moses\sbaskets?|happy\sas\slarry|jack\s(?:in\sthe\sbox|russell?)|romeo\sand\sjuliet|carol\s(?:singers?|concert|service)|teddy\sbears?|daisy\schains?|poppy\sday|the\sbobby(?:'s)?|clare's/sarah's|jay\sreport|barnardo'?s|jack\sand\sjill)\b",
    re.IGNORECASE,
)
_TITLES = words_of("mr mrs ms miss mx dr prof master rev fr")
_AUNTS = words_of("auntie aunty aunt uncle nanny nana")
_AFTER_TITLE = words_of(
    "and or is was said says who has had will did at in on the a to not no of for from rang called told with wants needs that which appointment appt appts visit letter note notes surgery thinks "
    "about but so because if as my his her their never always just carriage handling out asked appointments if may can could should would does came went somebody someone so whatsit whatever whoever what x y z row bit nurse school"
)
_NAMED = re.compile(
    r"\b(?:(?:(?:his|her|their|whose|the|my|child'?s|childs|kid'?s|boy'?s|girl'?s|baby'?s|babys|mum'?s|mums|dad'?s|dads|pupil'?s|full|first|last|real|and)\s)?(?:name'?s|name\sis|names|names\sare|name:|name\s=)"
    r"|(?P<someone>boy|girl|child|kid|lad|lass|one|baby|pupil|student|teen|teenager|man|woman|lady|guy|bloke|son|daughter|brother|sister|friend|partner|boyfriend|them|him|her|someone|somebody|client|mate)?,?\s?\b(?:called|named|known\sas|goes\sby))\s(?:is\s)?",
    re.IGNORECASE,
)
_NOT_CALLED = words_of(
    "on in not a an the at to by my his her their our its it that this is was are were be being been out off up for with from and or so if me us him them mum dad nan gran you back no someone somebody "
    "everyone again yesterday today tonight twice once last social children's childrens children police school mash edt lado ofsted childline names name liar lies duty ambulance 999 101 111 "
    "he she they we i each every unknown missing spelt spelled wrong mentioned changed written withheld confidential private known there here anything something nothing please because when while after before "
    "health council help home gp hv camhs nursery over round about all as of who what where why how cant can dont didnt does did would should could will parents mummy daddy grandma grandad auntie stupid fat "
    "ugly thick lazy fussy naughty difficult needs an early kcsie emergency reception security dsl lead head headteacher sw both one two first only just still even also really in-case person goes used given herself himself themselves myself itself"
)
_RELATIONS = words_of(
    "child pupil student boy girl lad baby toddler infant son daughter brother sister sibling twin mum mam mom dad mother father stepdad stepmum stepfather stepmother stepbrother stepsister partner boyfriend girlfriend bf gf ex "
    "husband wife nan nana gran grandma grandad grandmother grandfather uncle aunt auntie aunty cousin nephew niece carer neighbour lodger colleague manager teacher friend mate ta childminder"
)
_FAMILY = words_of("family children kids household siblings twins boys girls brothers sisters home baby boy girl lot")
_DETERMINERS = words_of(
    "a an the this that any some no his her my their our your its one another each every small red blue new old big little of more two same in on green "
    # colours, which stand in front of a thing: "amber willow" is a case label
    "amber coral copper indigo ivory jade lilac navy olive pearl plum rose russet saffron silver teal umber violet"
)
_PLACE_BEFORE = words_of("in from at near outside around across of")
_GOING = words_of(
    "moved move moving going go goes went gone back flying flew fly travelled travelling travel taken return returned returning trip sent way off"
)
_NEVER_BY_VERB = words_of(
    "mark marks will may can hope rain snow summer autumn spring winter baby mum dad police miss lord god case season nan may king queen young man major minor lead star"
)
_INITIALS = re.compile(
    r"\b(?:child|pupil|boy|girl|baby|student|son|daughter|mum|dad|sibling|client|young\sperson|yp|lo)\b,?\s(?:is\s|called\s)?[A-Z]\.\s?[A-Z](?:\.|\b)(?:\s?[A-Z]\.)?"
)
_HALF_IN_CAPITALS = 0.6
_SHORT = 3
"""Letters of a short form; "of" and "the" stay small in titles, too."""


@dataclass(frozen=True, slots=True)
class _Word:
    """A word, in small letters without an 's, with where it stands and how it is written."""

    low: str
    start: int
    end: int
    capital: bool
    shouted: bool
    first: bool
    owns: bool
    mixed: bool
    """Written as short forms are ("EHCPs", "DNA'd"), not as names."""


def names(text: str, taken: Iterable[tuple[int, int]] = ()) -> list[Found]:
    """Return the names in a text; `taken` are places that were found to be something else."""
    if not any(sign.isalpha() for sign in text):
        return []
    letters = [sign for sign in text if sign.isalpha()]
    loud = sum(sign.isupper() for sign in letters) > _HALF_IN_CAPITALS * len(letters) and " " in text.strip()
    titled = not loud and _is_titled(text)
    barred = [match.span() for match in _LAWS.finditer(text)] + list(taken)
    words = [word for word in _words(text, loud=loud) if not any(start <= word.start < end for start, end in barred)]
    places = [match.span() for match in _INITIALS.finditer(text)]
    places += [_grown(words, place) for place in _by_lists(text, words, titled=titled)]
    places += _by_frames(text, words)
    return [Found(start, end, Identifier.NAME) for start, end in sorted(set(places))]


def _is_titled(text: str) -> bool:
    """Say whether a text is written with capitals throughout, where a capital says nothing."""
    longer = [match[0] for match in _WORD.finditer(text) if len(match[0]) > _SHORT]
    return len(longer) >= _SHORT and sum(word[0].isupper() for word in longer) > _HALF_IN_CAPITALS * len(longer)


def _words(text: str, *, loud: bool) -> Iterator[_Word]:
    for match in _WORD.finditer(text):
        word = match[0]
        low = word.lower()
        owns = low.endswith("'s")
        before = text[max(0, match.start() - 4) : match.start()]
        first = match.start() == 0 or not before.strip() or bool(_ENDS.search(before))
        capital = word[0].isupper() and not loud
        shouted = len(word) > 1 and word.isupper() and not loud
        mixed = not _LIKE_A_NAME.fullmatch(word)
        yield _Word(low.removesuffix("'s"), match.start(), match.end(), capital, shouted, first, owns, mixed)


def _by_lists(text: str, words: Sequence[_Word], *, titled: bool) -> Iterator[int]:
    """Yield the places in the list of words that are names by what they are."""
    everywhere, as_words = lists.names_in_any_case(), lists.names_that_are_words()
    for place, word in enumerate(words):
        before = words[place - 1].low if place else ""
        after = words[place + 1] if place + 1 < len(words) else None
        parts = word.low.split("-")
        if word.low in everywhere or (len(parts) > 1 and any(part in everywhere for part in parts)):
            if not (word.shouted and len(word.low) <= _SHORT):
                yield place
            continue
        # Of four letters and an s, "less" and "toms" would do.
        if (
            word.low.endswith("s")
            and len(word.low) > _SHORT + 1
            and not word.owns
            and word.low[:-1] in everywhere
            and _is_owner(word, after)
        ):
            yield place  # "tylers mum"
            continue
        if (
            word.owns
            and word.low in as_words
            and word.low not in lists.CAPITALS
            and after is not None
            and after.low in lists.HUMAN_WORDS
        ):
            if before not in _DETERMINERS:
                yield place  # "Rose's mum"
            continue
        if not word.capital or word.shouted or word.low in lists.CAPITALS or before in _DETERMINERS:
            continue
        if _is_a_place(words, place) or text[word.end : word.end + 2].strip()[:1].isdigit():
            continue  # "in Kent", "Art 8"
        if _is_with_its_capital(words, place, titled=titled):
            yield place


def _is_with_its_capital(words: Sequence[_Word], place: int, *, titled: bool) -> bool:
    """Say whether a word with a capital is a name; `titled` texts have capitals everywhere, and there one says nothing."""
    word, after = words[place], words[place + 1] if place + 1 < len(words) else None
    capitals = lists.names_in_capitals()
    if after is not None and after.start == word.end + 1 and _is_whole_name(word, after):
        return True
    inside = not word.first and not titled
    if word.low in lists.names_that_are_words():
        return _acts(word, after) or (inside and not (after and after.capital and after.low not in capitals))
    if word.low in capitals:
        return inside or (after is not None and after.low in lists.DOES)
    return inside and len(word.low) > _SHORT and not word.mixed and _is_strange(word.low)


def _is_whole_name(word: _Word, after: _Word) -> bool:
    """Say whether two words with capitals are a first and a family name: one is listed or strange, and neither is of the work."""
    if not after.capital or after.shouted or after.mixed or word.mixed or {word.low, after.low} & lists.CAPITALS:
        return False
    return _is_strange(word.low) or after.low in lists.family_names() or _is_strange(after.low)


def _is_owner(word: _Word, after: _Word | None) -> bool:
    """Say whether a name with an s at its end is an owner's, without the apostrophe: "tylers mum", "lornas job"."""
    if word.low in lists.CAPITALS or word.low.endswith("ies"):
        return False
    return (after is not None and after.low in lists.HUMAN_WORDS) or word.low not in lists.english_words()


def _acts(word: _Word, after: _Word | None) -> bool:
    """Say whether the next word is what people do: for words such as "Mark" only what nothing else does."""
    if after is None or after.capital:
        return False
    if word.low in _NEVER_BY_VERB:
        return after.low in {"told", "says", "said", "asked", "thinks", "disclosed", "rang"} and word.low in {
            "mark",
            "will",
            "may",
            "hope",
            "star",
            "king",
            "major",
            "summer",
            "autumn",
            "winter",
        }
    return after.low in (lists.SPEECH if word.first else lists.DOES) or (
        word.first
        and after.low in {"has", "hasn't", "hasnt", "came", "turned", "won't", "wont", "keeps", "didn't", "didnt"}
    )


def _is_a_place(words: Sequence[_Word], place: int) -> bool:
    nearest = [word.low for word in reversed(words[max(0, place - _SHORT) : place])]
    if not nearest or nearest[0] in _PLACE_BEFORE:
        return bool(nearest)
    return nearest[0] in {"to", "and"} and bool(set(nearest[1:]) & (_GOING | _PLACE_BEFORE))


def _is_strange(low: str) -> bool:
    """Say whether a word with a capital is none that English knows, and so most likely a name."""
    known = lists.english_words()
    return not any(
        one in known
        for part in low.split("-")
        for one in (part, part.removesuffix("s"), part.removesuffix("'s"), part.replace("'", ""))
    )


def _by_frames(text: str, words: Sequence[_Word]) -> Iterator[tuple[int, int]]:
    """Yield names that are names by where they stand."""
    starts = {word.start: place for place, word in enumerate(words)}
    known = lists.all_names()
    for match in _NAMED.finditer(text):
        place = starts.get(match.end())
        if place is None:
            continue
        word = words[place]
        asked_by_name = "name" in match[0].lower() and "named" not in match[0].lower()
        sure = match["someone"] is not None or (
            asked_by_name and match[0].lower().split()[-1] in {"is", "name's", "names"} and len(match[0].split()) > 1
        )
        asked_for = word.capital and "name" in match[0].lower() and word.low in lists.names_that_are_words()
        if (word.low in _NOT_CALLED and not asked_for) or len(word.low) < 2 or word.shouted:  # noqa: PLR2004 - a letter is no name
            continue
        listed = word.low in known or _is_strange(word.low)
        if not (word.capital and sure) and not (listed and (word.capital or sure or word.low in known)):
            continue
        if (
            not word.capital
            and word.low in lists.CAPITALS
            and word.low not in {"will", "may", "april", "june", "august"}
        ):
            continue
        yield match.end("someone") if match["someone"] else match.start(), _grown(words, place)[1]
    for place, word in enumerate(words[:-1]):
        then = words[place + 1]
        gap = text[word.end : then.start]
        if (
            word.low in _TITLES
            and gap.strip() in ({""} if word.low in {"miss", "master"} else {"", "."})
            and not word.owns
            and not (word.low == "ms" and word.shouted)
        ):
            if _follows_title(word, then):
                yield word.start, _grown(words, place + 1)[1]
        elif (
            word.low in _AUNTS
            and not gap.strip()
            and (then.capital or then.low in lists.names_in_any_case())
            and then.low in known
            and then.low not in lists.CAPITALS
        ):
            yield word.start, _grown(words, place + 1)[1]
        elif (
            word.low in _RELATIONS
            and gap.strip() in {"", ",", "(", "-", ":"}
            and then.capital
            and not then.shouted
            and not word.owns
            and _is_somebody(then, words, place + 1)
        ):
            yield then.start, _grown(words, place + 1)[1]
        elif (
            then.low in _FAMILY
            and not gap.strip()
            and not word.first
            and word.low in lists.names_in_capitals()
            and word.low not in lists.CAPITALS
            and text[max(0, word.start - 4) : word.start].lower().endswith("the ")
        ):
            yield word.start, word.end
        elif word.low in {"i'm", "im"} and then.capital and then.low in known and then.low not in lists.CAPITALS:
            yield then.start, _grown(words, place + 1)[1]


def _follows_title(title: _Word, then: _Word) -> bool:
    if then.low in _AFTER_TITLE or len(then.low) < 2:  # noqa: PLR2004 - "Miss A" is a short form
        return False
    if then.capital:
        return then.low not in {"monday", "tuesday", "wednesday", "thursday", "friday", "surgery"}
    listed = then.low in lists.family_names() or then.low in lists.names_in_any_case()
    return listed or (title.low in {"mr", "mrs", "ms"} and then.low not in lists.CAPITALS)


def _is_somebody(then: _Word, words: Sequence[_Word], place: int) -> bool:
    """Say whether a word with a capital behind "mum", "child" and the like is a name: no day, no service, no people."""
    after = words[place + 1] if place + 1 < len(words) else None
    if (
        then.low in lists.CAPITALS
        or then.low in _NOT_CALLED
        or (after is not None and after.low in {"team", "service", "services", "worker", "law", "act"})
    ):
        return False
    return then.low in lists.all_names() or (not then.mixed and _is_strange(then.low))


def _grown(words: Sequence[_Word], place: int) -> tuple[int, int]:
    """Return where a name stands, with the family name or the initial that follows."""
    end = words[place].end
    family = lists.family_names()
    for before, then in zip(words[place:], words[place + 1 : place + 3], strict=False):
        gap = then.start - before.end
        single = len(then.low) == 1 and then.low not in {"a", "i"}
        if (
            gap != 1
            or before.owns
            or not (
                single or (then.capital and not then.shouted and then.low not in lists.CAPITALS) or then.low in family
            )
        ):
            break
        end = then.end
    return words[place].start, end
