"""E-mail addresses and names on social media, also as people spell them out to get past a filter.

Patterns of our own: the libraries for e-mail judge one address, in its proper form; none finds "john at gmail dot com".
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from bot.guard.kinds import Found, Identifier

if TYPE_CHECKING:
    from collections.abc import Iterator

_AT = r"(?:@|[(\[{]\s?at\s?[)\]}])"
_DOT = r"(?:\.|[(\[{]\s?dot\s?[)\]}])"
_HOST = r"[a-z0-9-]{1,63}"
_ENDS = r"(?:com|org|net|edu|uk|co|info|biz|ie|eu|io|me|pl|de|fr|example|gov|sch|nhs|ac|police|live|us)"
_EMAILS = (
    re.compile(rf"(?<![\w.+-])[\w.+-]{{1,64}}\s?{_AT}\s?{_HOST}(?:\s?{_DOT}\s?{_HOST}){{1,4}}", re.IGNORECASE),
    re.compile(rf"(?<![\w.+-])[\w.+-]{{1,64}}@{_HOST}(?:\.{_HOST}){{1,6}}", re.IGNORECASE),
    # "john at gmail dot com"; the last part has to be one that addresses end in, or a sentence would do.
    re.compile(
        rf"(?<![\w.+-])(?:[\w+-]{{1,64}}(?:\s(?:dot|underscore)\s|\.)){{0,2}}[\w+-]{{1,64}}\s+at\s+(?:{_HOST}\s+dot\s+){{1,4}}{_ENDS}\b",
        re.IGNORECASE,
    ),
    re.compile(rf"(?<![\w.+-])[\w.+-]{{1,64}}AT{_HOST}(?:\.{_HOST}){{0,3}}\.{_ENDS}\b"),
    re.compile(rf"(?<![\w.+-])[\w.+-]{{1,64}}\s?@\s?{_HOST}(?:\s\.\s{_HOST}){{1,4}}", re.IGNORECASE),
)
_SITES = r"(?:facebook|fb|instagram|insta|tiktok|snapchat|twitter|x|threads|youtube|twitch|onlyfans|t|discord|reddit|linkedin|pinterest)"
_WHERE = r"(?:insta(?:gram)?|ig|snap(?:chat)?|sc|tik\s?tok|discord|roblox|twitter|facebook|fb|telegram|kik|whatsapp|twitch|xbox|psn|fortnite|gamertag|gamer\s?tag|user\s?name|screen\s?name|handle)"
_NO_HANDLE = r"(?:is|was|are|has|and|or|but|the|a|an|full|open|where|public|private|all|how|not|on|off|out|about|that|this|so|being|gone|there|deleted|blocked|down|what|who|her|his|their|my|name|old|new|fine|banned|set|just|very|really|seems?|still|now|always|no|unknown|by|for|from|to|too|with|live|like|used|using|full)"
_HANDLES = (
    re.compile(r"(?<![\w.@])@[a-z0-9][\w.]{1,31}(?<!\.)", re.IGNORECASE),
    re.compile(
        rf"\b(?:https?://)?(?:[a-z]{{1,4}}\.)?{_SITES}\.(?:com|me|gg|tv|net|co)/@?[\w./?=&%#-]{{2,80}}", re.IGNORECASE
    ),
    re.compile(r"\b[a-z]\w{1,31}#\d{4}\b", re.IGNORECASE),
    # A name with a sign or a digit in it, after the place where it is used.
    re.compile(
        rf"\b{_WHERE}(?:\s(?:name|user(?:name)?|account|id|handle|tag))?\s?(?:\s(?:is|called|as)|'s|:|=|-)?\s+(?:is\s)?(?=[\w.-]{{0,31}}(?:[\d_]|\.\w))(?!\d{{1,2}}\b|(?:yr|year|y|ks)\d)[\w][\w.-]{{1,31}}[\w-]",
        re.IGNORECASE,
    ),
    # "her snap is sk8rboi", "username: kitty": any one word, where it is said whose it is or a colon stands.
    re.compile(
        rf"\b{_WHERE}(?:\s(?:name|user(?:name)?|account|id|handle))?\s?[:=]\s?(?!{_NO_HANDLE}\b)[a-z][\w.-]{{2,31}}",
        re.IGNORECASE,
    ),
    re.compile(
        rf"\b(?:his|her|their|my|whose)\s{_WHERE}(?:\s(?:name|user(?:name)?|account|id|handle))?\s(?:is|called)\s(?!{_NO_HANDLE}\b)(?=\S{{0,31}}(?:\d|[a-z][A-Z]))[a-z][\w.-]{{2,31}}",
        re.IGNORECASE,
    ),
)


def online(text: str) -> Iterator[Found]:
    """Yield e-mail addresses and names on social media."""
    if "@" in text or "at" in text.lower():
        for pattern in _EMAILS:
            yield from (Found(*match.span(), Identifier.EMAIL) for match in pattern.finditer(text))
    for pattern in _HANDLES:
        yield from (Found(*match.span(), Identifier.HANDLE) for match in pattern.finditer(text))
