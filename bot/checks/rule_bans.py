"""What the hard rules let nothing say: plain data for `rules`.

A ban is tried where one of its hints stands, and holds unless the sentence denies it. Its example shows why.
"""

from __future__ import annotations

from typing import NamedTuple


class Ban(NamedTuple):
    """What no line may say: `example` is refused, and shows why."""

    rule: str
    hints: tuple[str, ...]
    pattern: str
    instead: str
    example: str


PARENTS = r"(the |both |their |his |her )?(parents?|family|mother|father|mum|dad)"
CHILD = r"(the |a |each |every |that )?(child|girl|boy|baby|young person|her|him|them)"
MATE = r"(child|sister|brother|sibling|relative|friend|neighbour|partner|cousin|community (worker|leader|elder))"

BANS: tuple[Ban, ...] = (
    Ban(
        "H1",
        ("999",),
        r"\b999 (can|may) wait|\bbefore (you )?(ring|ringing|call|calling) 999|\bring 999 (after|later|once)\b",
        "999 comes before anything else",
        "Answer these before you ring 999.",
    ),
    Ban(
        "H3",
        ("proof", "evidence", "permission", "certain"),
        r"\byou (will )?(need|must have|should have) (some |more |the )?(proof|evidence|permission|certainty)\b|"
        r"\bwait (until|till) you (have|are) (more |the )?(proof|evidence|permission|sure|certain)",
        "anyone may refer, without proof or permission",
        "Wait until you have more evidence.",
    ),
    Ban(
        "H3",
        ("only",),
        r"\bonly (the|your) (safeguarding )?(lead|manager|head) (may|can|is allowed to) (refer|ring|report)",
        "anyone may refer",
        "Only the lead may refer.",
    ),
    Ban(
        "H4",
        ("promise",),
        r"\bpromise\b(?! no\b| nothing\b)[^.?!]{0,40}\b(secre\w+|keep it|not to tell|confiden\w+)",
        "never promise to keep it secret",
        "You can promise to keep it secret.",
    ),
    Ban(
        "H4",
        ("secret", "won't tell", "will not tell"),
        r"\bour (little )?secret\b|\bI (won't|will not) tell (anyone|anybody|a soul)",
        "say that it goes to people who can help",
        "Say: I won't tell anyone.",
    ),
    Ban(
        "H5",
        ("ask ", "get "),
        rf"\b(ask|get) {CHILD} (who (did|hurt)|why\b|what exactly|whether (he|she|it|they)|to (repeat|show you|say it again|tell it again))",
        "hear the child; the questions are for social care and the police",
        "Ask the child who did it.",
    ),
    Ban(
        "H5",
        ("interview", "question", "interrogate", "examine the"),
        rf"\b(interview|interrogate|question) {CHILD}\b",
        "nobody but social care and the police interviews a child",
        "Question the child again tomorrow.",
    ),
    Ban(
        "H5",
        ("fetch",),
        rf"\bfetch {CHILD}\b",
        "no child is fetched in order to be asked",
        "Fetch the child and ask what happened.",
    ),
    Ban(
        "H6",
        ("attention", "lying", "making it up", "lifestyle", "promiscuous", "manipulative", "streetwise", "own fault"),
        r"\battention[- ]seek\w+|\bpromiscuous|\bmanipulative|\blifestyle choice|\bstreetwise|\bbrought it on\b|"
        r"\b(is|are|may be|might be) (lying|making it up)\b|\b(their|her|his) own fault",
        "nothing doubts, blames or shames a child",
        "She may be making it up.",
    ),
    Ban(
        "H7",
        ("first", "before"),
        rf"\b(tell|ask|inform|ring|speak (to|with)|talk (to|with)|consult) {PARENTS}\b[^.?!]{{0,40}}\b"
        r"(first\b|before (you )?(ring|refer|call|tell))",
        "social care is rung first, and says who tells the parents",
        "Tell the parents before you ring social care.",
    ),
    Ban(
        "H7",
        ("consent", "agreement", "permission"),
        rf"\b(need|get|seek|wait for|ask for|obtain) {PARENTS}('s?|s')? (consent|agreement|permission)|"
        rf"\b(consent|agreement|permission) (of|from) {PARENTS} (first|before)",
        "where harm is suspected nothing waits for consent",
        "Get the parents' consent before a referral.",
    ),
    Ban(
        "H8",
        ("confront", "accuse", "warn "),
        r"\b(confront|accuse|warn) (him|her|them|anyone|the (person|parent|parents|adult|man|partner|colleague|family))\b",
        "nobody confronts or warns the person suspected",
        "Confront the man about it.",
    ),
    Ban(
        "H8",
        ("withhold", "hold back", "stop the", "skip", "miss a"),
        r"\b(withhold|hold back|stop|skip|miss) (a |the |their |her |his )?(treatment|medicine|medication|feeds?|dose)\b",
        "treatment goes on",
        "Withhold the medicine to see what happens.",
    ),
    Ban(
        "H9",
        (" gp", "keep an eye", "wait and see", "monitor"),
        rf"\bsend ({PARENTS}|{CHILD}) to (a|the|their) GP\b|\bwait and see\b|\bkeep an eye on (it|the)\b|"
        r"\bmonitor (it|the (mark|bruise|injury))",
        "a mark on a baby goes to social care the same day",
        "It is a small bruise: keep an eye on it.",
    ),
    Ban(
        "H10",
        ("bruise", "mark", "injury", "burn"),
        r"\b(bruise|mark|injury|burn)s? (is|are|looks?|seems?|must be) (about |some |probably )?"
        r"((\w+ )?(days?|hours?|weeks?) old|old\b|new\b|fresh\b|recent\b|innocent|nothing|normal)|"
        r"\b(yellow|green|brown|blue|purple)\w* (bruise|marks?) (is|are|means?)\b",
        "nothing ages a bruise or says what it is",
        "The bruise looks about two days old.",
    ),
    Ban(
        "H10",
        ("safe", "worry about", "reassured", "rest assured"),
        r"\b(child|baby|children|home|she|he|they) (is|are|will be|must be|seems?) (now |quite |perfectly |probably )?safe"
        r"(?= *[.,;!]|$| now| at| with| here)|\bnothing to (be )?worr(y|ied) about|\bbe reassured|\brest assured",
        "the assistant never rates a child safe",
        "The child is safe with her aunt.",
    ),
    Ban(
        "H11",
        ("write", "record"),
        r"\b(write|record) (it|this|that) (up |down )?(later|tomorrow|next week|when you (have|get) time)",
        "it is written down the same day",
        "Write it up tomorrow.",
    ),
    Ban(
        "H12",
        ("write", "record"),
        r"\b(needn't|need not|don't have to|no need to) (write|record)\b",
        "a decision not to refer is written down, with why",
        "If you decide not to refer you need not record it.",
    ),
    Ban(
        "H13",
        ("next working day", "tomorrow", "monday", "morning"),
        r"\b(chase|ring|call|check|follow up)( it| again| back| up)? (on )?(the )?(next working day|tomorrow|monday|in the morning)\b|"
        r"\b(wait|leave it) (until|till|for) (the )?(next )?(morning|monday|working day|day)",
        "what is due now or today is chased the same day",
        "No answer? Ring again tomorrow.",
    ),
    Ban(
        "H14",
        ("take the child", "remove", "restrain", "lock", "hold the", "keep the child"),
        r"\b(take|keep|hold|hide) (the child|the children) (away|back|from)\b|\bremove the child\b|\brestrain (him|her|them|the)\b|"
        r"\b(block|bar|lock) the (door|way|gate)",
        "nobody removes or holds a child, or stands in the way",
        "Lock the door until the police come.",
    ),
    Ban(
        "H14",
        ("search",),
        r"\bsearch (the|a|their|her|his) (room|bag|bags|phone|home|house|locker)",
        "nobody searches",
        "Search his bag for it.",
    ),
    Ban(
        "H15",
        ("couple", "marriage", "relationship"),
        r"\b(couples?'?|marriage|relationship) (counsell?\w+|work|therapy|mediation|sessions?|guidance)\b",
        "never couples work where there may be abuse",
        "Couples counselling may help them.",
    ),
    Ban(
        "H15",
        ("leave",),
        r"\b(she|he|they|the (victim|mother|parent)) (should|must|has to|have to|needs? to|ought to) (just |simply |now )?leave\b|"
        r"\b(urge|advise|tell|encourage|help) (her|him|them|the \w+|anyone) to leave\b",
        "never that the one who is hurt simply leave",
        "Tell the mother to leave.",
    ),
    Ban(
        "H16",
        ("examine", "undress", "inspect", "look under"),
        rf"\b(examine|inspect|undress) {CHILD}\b|\blook under (her|his|their|the) cloth",
        "nobody but a doctor examines",
        "Examine the girl yourself.",
    ),
    Ban(
        "H17",
        ("quiet word", "colleague"),
        r"\bquiet word\b|\b(speak|talk) (to|with) (the |your )?(colleague|member of staff)\b",
        "the head or manager now, never the colleague",
        "Have a quiet word with him.",
    ),
    Ban(
        "H18",
        ("wash", "bath", "clean"),
        rf"\b(wash|bathe|change|clean) {CHILD}\b",
        "evidence stays as it is",
        "Wash the child and change her clothes.",
    ),
    Ban(
        "H18",
        ("abuser", "perpetrator", "bully", "boys will be", "experiment", "consensual"),
        r"\b(perpetrator|boys will be boys|(just|only|normal) experiment\w*|consensual)\b|\bthe (abuser|bully)\b",
        "no child is labelled, and nothing is waved away",
        "Keep the abuser out of class.",
    ),
    Ban(
        "H19",
        ("score", "scoring", "checklist", "scale", "phq", "sad persons"),
        r"\b(scor\w+|rating scale|PHQ-?9|SAD PERSONS|risk checklist)\b[^.?!]{0,40}\b(suicid\w+|self-harm|dying|risk)|"
        r"\b(suicid\w+|self-harm)\b[^.?!]{0,40}\b(score|scale|checklist)",
        "no scoring tools",
        "Use a scoring tool to weigh the suicide risk.",
    ),
    Ban(
        "H19",
        ("suicide", "overdose"),
        r"\b(don't|do not|never|avoid) (ask|asking|mention|mentioning|talk|talking) (about )?suicide|\bcommit\w* suicide|"
        r"\boverdose\b[^.?!]{0,60}\b(wait|watch|see how)",
        "asking is safe, and an overdose is for 999 or A&E at once",
        "After an overdose, wait and see how they are.",
    ),
    Ban(
        "H20",
        ("email", "e-mail"),
        r"\b(just|only|simply) (send )?(an )?e-?mail\b|\be-?mail (alone )?(is enough|will do)",
        "never an email alone",
        "Just email the social worker.",
    ),
    Ban(
        "H21",
        ("bath",),
        r"\b(brother|sister|sibling|older child|bath seat|bath ring)\b[^.?!]{0,40}\b(can|may|could|will|keeps?) (watch|mind|guard|keep|hold|them|him|her|the)|"
        r"\b(minute|moment|second) (alone )?in the bath (is|does|may)",
        "nothing but an adult in reach makes a bath safe",
        "In the bath an older child can watch the baby.",
    ),
    Ban(
        "H23",
        ("name", "address", "date of birth", "photo", "school"),
        r"\b(type|tell me|give me|send me|upload|share with me) (the |their |her |his |a |any )?"
        r"(child's |family's |full |first )?(name|surname|address|date of birth|photo\w*|school)\b",
        "nobody is asked for what identifies anyone",
        "Tell me the child's name.",
    ),
    Ban(
        "H24",
        ("nothing",),
        r"\bnothing (you \w+ )?(is|will be) (kept|stored|saved|recorded)|\b(we|I|it) (keeps?|stores?) nothing\b",
        "nobody is told that nothing is stored",
        "Nothing you say is kept.",
    ),
    Ban(
        "H25",
        ("instead of", "overrid", "rather than"),
        r"\b(instead of|overrid\w+|rather than) (your )?(local )?(procedures|safeguarding lead)",
        "local procedures and the safeguarding lead come first",
        "Follow this rather than your local procedures.",
    ),
    Ban(
        "H26",
        ("culture", "race", "religion", "faith", "poor", "poverty", "disab", "community"),
        r"\b(normal|usual|common|typical|accepted|fine) (in|for) (their|this|that|his|her) (culture|religion|faith|community|race)|"
        r"\b(poverty|culture|race|religion|disability|being (poor|in care))\b (is|are|shows?|proves?|means?)\b(?! no\b| nothing\b| not\b)",
        "who people are is no evidence of abuse, and no reason to accept harm",
        "It is normal in their culture.",
    ),
    Ban(
        "H27",
        ("offices", "nspcc", "101"),
        r"\b(wait|leave it) (until|till) (the )?offices? opens?|\bring (the NSPCC|101) (instead|and leave it)|"
        r"\bout of hours(:| ring| call) (the NSPCC|101)\b",
        "out of hours it is the emergency duty team",
        "Out of hours ring 101.",
    ),
    Ban(
        "H28",
        ("photo", "picture", "image", "video", "screenshot"),
        r"\b(take|send|save|copy|print|forward|upload|screenshot|view|open|keep|look at) (me |us |on )?(a |an |the |any |some )?"
        r"(photo|photograph|picture|image|video|screenshot)s?\b",
        "nothing is photographed, viewed, kept or sent",
        "Take a photo of the bruise.",
    ),
    Ban(
        "H29",
        ("council", "social care"),
        r"\b(wait|leave it) (until|till|while) (the )?councils?\b|\bring only the home council\b",
        "ring where the child is now; that council keeps it until the other accepts",
        "Wait until the councils agree whose child it is.",
    ),
    Ban(
        "H30",
        ("interpret", "translat"),
        rf"\b(a|an|the|their|another|any|older) {MATE}s? (can|may|could|will|to) (interpret|translate)|"
        rf"\b(ask|use|let|get) (a|an|the|their|another|any) {MATE}[^.?!]{{0,20}}(interpret|translat)",
        "a professional interpreter, never a child, relative or friend",
        "An older sister can interpret.",
    ),
    Ban(
        "H31",
        ("address", "refuge", "school", "parents"),
        r"\b(give|tell|send|read) (him|her|them|the (caller|parents?|father|mother|family|relatives?)) (the |their |her |his |an )?(new )?"
        r"(address|refuge|whereabouts|school)\b|\bboth parents (must|should|have to) be told\b",
        "nobody is given an address, and nobody is told as a matter of course",
        "Give the father the new address.",
    ),
    Ban(
        "H32",
        ("red book", "parent app", "nhs app", "home-school book", "shared email"),
        r"\b(write|put|note|record|keep) (it|this|that|your notes?|notes?|a note)\b[^.?!]{0,30}\b"
        r"(red book|parent app|NHS App|home-school book|shared email)",
        "notes stay out of what the family can open",
        "Note it in the red book.",
    ),
    Ban(
        "H33",
        ("mediat", "family meeting", "elder", "faith leader", "reconcil"),
        r"\b(mediation|mediate|family meeting|reconcil\w+)\b|\b(ask|involve|speak to|ring) (an?|the|their) (community )?(elder|faith leader)",
        "no mediation, no family, no go-between",
        "Ask a community elder to help.",
    ),
    Ban(
        "H34",
        ("scan", "birth", "too early"),
        r"\b(wait|leave it) (for|until|till) (the |a )?(scan|birth|booking|baby)|\bit is too early to (refer|ring)",
        "a hidden pregnancy is referred the same day",
        "Wait for the scan.",
    ),
    Ban(
        "H35",
        ("16", "17", "sixteen", "seventeen", "old enough", "gillick"),
        r"\b(1[67]|sixteen|seventeen)\b[^.?!]{0,20}\b(is|are|counts? as) (an )?adults?\b|\bold enough to (decide|choose|consent)\b|"
        r"\bGillick[^.?!]{0,40}(so )?(you )?(need not|needn't|don't)",
        "sixteen and seventeen is a child in law",
        "At seventeen they are adults.",
    ),
    Ban(
        "H36",
        ("older than", "over 18", "adult"),
        r"\b(looks?|seems?|appears?) (older than|over) (18|eighteen)|\btreat (them|him|her) as (an )?adults?\b",
        "where age is disputed, treat as a child",
        "He looks over 18.",
    ),
    Ban(
        "H37",
        ("council", "private arrangement"),
        r"\b(needn't|need not|don't have to|no need to) (tell|notify) the council|\bprivate arrangement\b[^.?!]{0,30}(fine|concern|matter)",
        "the council has to be told of private fostering",
        "You need not tell the council.",
    ),
    Ban(
        "H38",
        ("home educat", "home teaching", "home school", "in force", "teaching at home", "elective"),
        r"\b(home (education|teaching|schooling)|teaching at home) (is|means|shows) (a (sign|form) of|harm\b|neglect|abuse)|"
        r"\b(is|are|now) in force\b",
        "home education is not itself harm, and nothing is said to be in force",
        "The new Act is in force.",
    ),
    Ban(
        "H39",
        ("no concern", "caring is", "young carer"),
        r"\bno concerns?\b|\b(caring|young carers?)\b (is|are|means|proves?)(?! no\b| not\b)[^.?!]{0,12}neglect",
        "caring proves no neglect, and is never 'no concern'",
        "She helps at home: no concern.",
    ),
    Ban(
        "H40",
        ("tidy", "clean up", "clear up", "move the", "missing", "24 hours"),
        r"\b(tidy|clean|clear) up\b|\bmove the (body|child|baby)\b|\bmissing\b[^.?!]{0,60}\b(wait|24 hours)|\bwait (24|twenty-four) hours",
        "nothing is moved, and a missing child is for the police now",
        "Missing? Wait 24 hours.",
    ),
    Ban(
        "H41",
        ("referral", "the call"),
        r"\b(withdraw|cancel|drop|take back|call off) (the |your |a )?(referral|call|report)\b|"
        r"\b(referral|call) is (not|no longer) (needed|necessary)",
        "what was due stays due",
        "He took it back: withdraw the referral.",
    ),
)
