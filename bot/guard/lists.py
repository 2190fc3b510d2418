"""Lists of names, and of capitals that are nobody's; read when words are first looked at, not before.

`data/README.md` says where the lists of names come from.
"""

from __future__ import annotations

from functools import cache
from importlib import util
from importlib.resources import files
from pathlib import Path


@cache
def names_in_any_case() -> frozenset[str]:
    """Return first names that are read as names however they are typed."""
    return _lines("names.txt")


@cache
def names_in_capitals() -> frozenset[str]:
    """Return first names and family names that are read as names where they have a capital letter."""
    return _lines("capital_names.txt") | family_names()


@cache
def family_names() -> frozenset[str]:
    """Return family names."""
    return _lines("surnames.txt")


@cache
def names_that_are_words() -> frozenset[str]:
    """Return first names that are ordinary words, months or places as well."""
    return _lines("word_names.txt")


@cache
def all_names() -> frozenset[str]:
    """Return every name of the lists."""
    return names_in_any_case() | names_in_capitals() | names_that_are_words()


@cache
def english_words() -> frozenset[str]:
    """Return English words, from the list that comes with symspellpy; none of its code is run."""
    found = util.find_spec("symspellpy")
    for place in (found.submodule_search_locations or ()) if found is not None else ():
        listed = (Path(place) / "frequency_dictionary_en_82_765.txt").read_text(encoding="utf-8-sig")
        return frozenset(line.partition(" ")[0] for line in listed.splitlines())
    return frozenset()


def _lines(file: str) -> frozenset[str]:
    text = files("bot.guard").joinpath("data", file).read_text(encoding="utf-8")
    return frozenset(line for line in text.splitlines() if line and not line.startswith("#"))


def words_of(text: str) -> frozenset[str]:
    """Return the words of a text that is written as a list."""
    return frozenset(text.split())


CAPITALS = words_of(
    # days, months, feasts
    "monday tuesday wednesday thursday friday saturday sunday january february march april may june july august september october november december "
    "mon tue tues wed weds thu thur thurs fri sat sun jan feb mar apr jun jul aug sep sept oct nov dec christmas easter ramadan eid diwali hanukkah xmas boxing halloween bonfire "
    # the work
    "social worker workers care services service team child children childrens police school nursery early help health visitor visitors mental council local authority duty section working "
    "together act safeguarding lead designated deputy head teacher headteacher ofsted camhs mash marac lado gp hv senco ehcp nspcc childline samaritans barnardo barnardos refuge hospital court "
    "family support youth justice offending ambulance crisis children's key stage year reception foster carer independent reviewing officer chair board partnership conference strategy core group plan need protection "
    "looked after leaving domestic abuse exploitation county lines prevent channel government guidance chapter annex part england wales scotland ireland britain uk london european british english welsh scottish irish "
    # brands and places online
    "tiktok snapchat instagram facebook whatsapp youtube discord roblox fortnite minecraft google teams zoom telegram twitter netflix xbox playstation nintendo onlyfans omegle twitch reddit iphone android cpoms mosaic "
    "calpol nurofen ritalin methadone valium xanax subutex sertraline asda tesco aldi lidl argos greggs bmw audi uber "
    # peoples and faiths
    "polish romanian roma gypsy traveller travellers muslim christian hindu sikh jewish catholic somali pakistani bangladeshi indian nigerian ghanaian chinese vietnamese kurdish afghan syrian iraqi "
    "eritrean albanian turkish arabic urdu punjabi bengali gujarati french german spanish italian portuguese ukrainian russian bulgarian lithuanian latvian jamaican caribbean african asian american european jordanian god allah islam quran bible "
    # who reports, laws and inquiries are called after
    "gillick fraser laming munro climbie kcsie ofcom "
    # whom one speaks of by what they are
    "mum dad mummy daddy nan nana nanny gran grandma grandad granny grandmother grandfather auntie aunty uncle mam mama papa stepdad stepmum mother father brother sister baby the "
    "my our her his their its your this that these those and but if when what who why how is are was were has have had do does did can could should will would may might i i'm i've it's he she they we you it a an in on at to of for "
    "me miss else bing thinkchild us him them no not yes ok okay thanks thank please hi hello sorry also just then now today yesterday tomorrow tonight there here one two three all any some mo fa mgm mgf pgm lo yp ta tas pe ks"
)
"""In small letters: words that often have a capital and are nobody's name."""

HUMAN_WORDS = words_of(
    "mum mum's dad nan gran grandma grandad mother father stepdad stepmum step-dad step-mum sister brother uncle aunt auntie aunty cousin teacher partner boyfriend girlfriend bf gf ex "
    "family parents carer key social bruise bruises house home flat school phone birthday dob twin baby son daughter"
)
SPEECH = words_of(
    "told tells says said asked thinks disclosed rang texted phoned messaged screamed shouted cried refused admitted whispered denies denied hates loves wants needs lives goes ran sleeps eats drinks hit punched kicked keeps flinches"
)
DOES = SPEECH | words_of(
    "has had came comes wont won't cant can't hasnt hasn't didnt didn't doesnt doesn't turned looks looked seems smells started stopped got gets went was is never always"
)
