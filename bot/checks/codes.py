"""What every code of a problem means, and what to do: stable, so that a note or a script may name one."""

from __future__ import annotations

from textwrap import dedent, fill
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

WITH_WORDS_OF_THEIR_OWN = (22, 23)
RULES: dict[str, tuple[str, str]] = {
    f"H{number}": (
        f"Hard rule H{number} is not said where it has to be, on a line that cites it; or something says its opposite.",
        f"Read 'thinkchild point H{number}'; put the words back with H{number} under 'sources', or take out what contradicts it.",
    )
    for number in range(1, 42)
    if number not in WITH_WORDS_OF_THEIR_OWN
}
"""The hard rules in the words: all are broken in the same two ways, and the problem itself says which."""

CODES: dict[str, tuple[str, str]] = {
    "P1": (
        "The danger check does not come first, or a way through it asks of no danger at all.",
        "Make 'call: danger_check' the first step, without conditions; put the danger check back as it was.",
    ),
    "P2": (
        (
            "A more worrying answer, or not knowing, leads to less protection than a calmer one, or to the same but later; "
            "or harm is suspected and social care is not rung today."
        ),
        "Give the more worrying answer at least what the calmer one gets, as soon; say 'exception' where a lead decided otherwise.",
    ),
    "P2b": (
        (
            "A more worrying answer brings something that could warn or probe (telling the family, asking the child, visiting) "
            "sooner than a calmer one does."
        ),
        "Take that action out of the more worrying way, or let it come no sooner.",
    ),
    "P3": (
        "A path does not end in its summary, or gives nothing to do to anybody who can be had at any hour.",
        "Let every path reach the 'close' step, and give the reader something to do on the way.",
    ),
    "P4": (
        "Something is said without a source.",
        "Write 'sources: [...]' with the id of a learning point, a fact or a rule that says it.",
    ),
    "P5": (
        "A path does not ask what the men in the household offer, what they risk, or does not say to leave them uncontacted.",
        "Call the block 'men_known', or give the reason under 'exempt'.",
    ),
    "P6": (
        "Harm is suspected on a path, and yet something on it waits for agreement.",
        "Put 'unless: [means.harm_suspected]' on what waits, or lead that answer past it.",
    ),
    "P6b": (
        "A path shares information without saying that only those who need it are told.",
        "Say so in a step that 'covers: [need_to_know]'.",
    ),
    "P7": (
        "A path does not say to write it down, or not to do so where the family can read it.",
        "Call the block 'recording' on every path.",
    ),
    "P8": (
        "More than three taps come before the first thing to do.",
        "Ask less before the first 'act' step, or move that step up.",
    ),
    "P9": (
        "Somebody is told to report, but is offered no reminder in time, or is not shown the ladder.",
        "Call the block 'being_heard'; let each reminder come before its action is due.",
    ),
    "P10": (
        "A mark on a baby who cannot get about does not reach social care the same day.",
        "Let every such path ring social care today at the latest, whatever was explained.",
    ),
    "P11": (
        "A message, a prompt or a label is too long for a phone, or the words are harder than most readers can take in tired.",
        "Shorten it, use shorter sentences and words, add a 'short' label, or make two steps of one.",
    ),
    "P12": (
        "Something that was taught is said nowhere, or is set apart although a step says it.",
        "Cite it where it is said, or give the reason under 'library_only'; take that reason out once a step says it.",
    ),
    "P13": (
        "Harm is suspected on a path that does not say what to do when offices are shut, or who keeps the child safe tonight.",
        "Call the block 'tonight', or give the reason under 'exempt'.",
    ),
    "P14": (
        "A path does not ask about brothers, sisters and other children.",
        "Call the block 'brothers_and_sisters', or give the reason under 'exempt'.",
    ),
    **RULES,
    "H22": (
        "A telephone number stands in words that are the same everywhere (hard rule H22).",
        "Take it out; local numbers live in an area pack, with the day they were checked.",
    ),
    "H23": (
        "A line holds something that could identify somebody, even if it is only an example (hard rule H23).",
        "Write it without a name, a number, an address or a date of birth.",
    ),
    "after_close": ("Something follows the closing summary.", "Put the 'close' step last, with no 'next'."),
    "alias": (
        "A YAML alias (*name) is used, which can make a small file endless.",
        "Write the text out, or make a block of steps that are used twice.",
    ),
    "also_no_harm": (
        "An answer that may mean no danger, no harm or agreement could be chosen by other words than its own.",
        "Take its 'also' away: whoever means it taps it, or types its very words or its number.",
    ),
    "area_not_ready": (
        (
            "The area pack in use may not be used for real work yet: it is invented, or its emergency duty team number is "
            "missing or no longer checked."
        ),
        "Ring the number, then write it into the pack with 'checked_on', 'review_by' and 'evidence'.",
    ),
    "call_cycle": ("Blocks call each other in a circle, so nobody would come out.", "Take one of the calls out."),
    "dead_end": ("A flow can end without its closing summary.", "Lead that step to a 'close' step."),
    "decision_leads_nowhere": (
        "Somebody who found nothing out would have no choice in a decision of an exercise.",
        "Leave at least two of its options without 'needs'.",
    ),
    "duplicate_fact_in_story": (
        "Two facts of one exercise have the same id: what came out in one scene is known in all that follow.",
        "Rename one, and where it is meant under 'needs'.",
    ),
    "duplicate_id": (
        "Two things have one id, and only one of them would be found.",
        "Give one of them another id, and use that where it is meant.",
    ),
    "duplicate_in_story": (
        "Two scenes, characters, objectives, decisions, options or injects of an exercise have the same id.",
        "Rename one, or take one out.",
    ),
    "duplicate_key": ("A key stands twice in one place, and one of the two would be lost.", "Keep one."),
    "duplicate_offer": ("Two reminders in one step have the same id.", "Rename one."),
    "duplicate_option": ("Two answers of one question have the same id.", "Rename one."),
    "duplicate_order": ("Two flows claim one place in the menu.", "Give this flow a number that is free."),
    "duplicate_prompt": ("Two prompts in one step have the same id.", "Rename one."),
    "duplicate_step": ("Two steps of one flow or block have the same id.", "Rename one."),
    "eaten": (
        "YAML would quietly change this: a bare yes or no, a number that begins with 0, a time.",
        "Put it in quotes.",
    ),
    "empty": ("The file holds nothing.", "Write the content, or remove the file."),
    "example_form": (
        "An example message does not begin with a dash and a space.",
        "Write each example on a line of its own that begins with '- '.",
    ),
    "fact_never_found": (
        "Nobody can ever find a fact of an exercise out, however well they ask.",
        "Give it a 'prompt' or 'asks', take something out of its 'needs', or leave more time for 'questions'.",
    ),
    "file_too_large": ("The file is far larger than anybody could read, so it was not opened.", "Split it."),
    "forbidden_words": (
        "These words judge, blame, reassure too much, or are out of date.",
        "Write what the sentence of the problem suggests.",
    ),
    "id_not_file_name": ("The id and the name of the file differ.", "Make them the same."),
    "id_taken": (
        "A scene of an exercise is called as its end is.",
        "Give the scene another id.",
    ),
    "invisible": (
        "There are invisible characters in the text, often brought along by copying.",
        "Type the text again by hand.",
    ),
    "misplaced_file": (
        "No content is read from this place, or the name does not end in .yaml.",
        "Move or rename the file as the sentence says.",
    ),
    "missing_answers": (
        "A list of words by which typed answers are recognised is gone.",
        "Put it back in knowledge/phrases/answers.yaml.",
    ),
    "missing_block": ("A block that every conversation may need is gone.", "Put the file back."),
    "missing_file": ("A file without which nothing can be read is gone.", "Put it back."),
    "missing_key": ("Something that has to be said here is not there.", "Add the key that the sentence names."),
    "missing_line": (
        "A fixed line that every conversation or every exercise may need is gone.",
        "Put it back in the file that is named.",
    ),
    "missing_word": ("The vocabulary lacks a word that the program itself says.", "Put it back under its heading."),
    "no_better_option": (
        "Nobody can be sure to be able to decide well in an exercise, however well they ask.",
        "Let one option be 'better' that needs no fact, or only facts that can be found on every way and in time.",
    ),
    "no_question": ("A question has no question mark.", "Make a question of it."),
    "no_way_on": (
        "Every answer of a question goes somewhere and comes back, so that nobody could go on.",
        "Give it an answer without 'open'.",
    ),
    "not_exemptable": (
        "A promise is set aside that may never be.",
        "Take it out of 'exempt', and keep the promise; only P5, P9, P13 and P14 may be set aside.",
    ),
    "not_in_list": ("The word is not one of the few that may stand here.", "Use one of those that are listed."),
    "not_text": (
        "Something that has to be words is a number, a list or empty.",
        "Put it in quotes, or write the words.",
    ),
    "not_utf8": ("The file is not saved as UTF-8.", "Save it again as UTF-8."),
    "not_yaml": (
        "The file cannot be read as YAML: mostly an indent, a quote or a bracket.",
        "Look at the line that is named, and at the one above it.",
    ),
    "objective_never_met": (
        "Nothing in an exercise teaches what one of its objectives is about.",
        "Cite that point where a fact or a 'better' option says it, or take the objective out.",
    ),
    "odd_key": ("A key is not a plain word.", "Write a plain word before the colon."),
    "open_and_next": ("An answer that opens something and comes back also says where to go.", "Leave 'next' out."),
    "option_never_open": (
        "An option of an exercise needs facts that nobody can know in time, so it would never be on offer.",
        "Take something out of its 'needs', move it to a later scene, or leave more time for 'questions'.",
    ),
    "out_of_range": (
        "A number is higher or lower than makes sense here, or than one it goes with.",
        "Write a number between those that the sentence names.",
    ),
    "placeholder": (
        "A step or an exercise holds braces, but both are said just as they stand.",
        "Leave the braces out.",
    ),
    "question_by_hour": (
        "A question is asked only at some hours, so that a path would depend on the clock.",
        "Put 'when' on what is said, not on what is asked.",
    ),
    "scene_leads_back": (
        "A scene leads to itself or to an earlier one, so that an exercise might never end.",
        "Lead on to a later scene, or to 'end'.",
    ),
    "scene_not_reached": (
        "No way through an exercise leads to this scene.",
        "Name it as the 'next' of an option or of an earlier scene, or take it out.",
    ),
    "step_cycle": (
        "A step leads back to an earlier one, so that somebody could go round for ever.",
        "Lead it onwards.",
    ),
    "step_kind": (
        "A step does nothing that is known, or two things at once.",
        "Give it exactly one of the keys that are listed.",
    ),
    "takes_too_long": (
        "The scenes of the longest way through an exercise take longer than the exercise says.",
        "Give the exercise more minutes, or its scenes fewer.",
    ),
    "too_deep": ("Lists stand inside lists far deeper than content ever does.", "Write it flatter."),
    "too_few": ("There have to be more of these.", "Add what is missing."),
    "too_long": ("There are more of these than anybody could walk or read.", "Split the flow, the block or the file."),
    "too_many_ways": (
        "The flow has so many different ways that the promises cannot be proved on them.",
        "Make two flows of it, or ask less.",
    ),
    "topic_not_said": (
        "Something is marked as dealing with a topic, but has none of the topic's words.",
        "Say it in one of the words, or take the topic out of 'covers'.",
    ),
    "unknown_answer": (
        "A condition names an answer that nobody can give here.",
        "Write 'step.option' as in this flow, or 'call/step.option' for an answer inside a block.",
    ),
    "unknown_block": ("Something is called or opened that is not there.", "Correct the name, or write the block."),
    "unknown_decision": (
        "Something is to happen after a decision that the scene does not have.",
        "Write 'decision.option' or 'decision', as in this scene.",
    ),
    "unknown_document": (
        "A document is named that is not in knowledge/sources.",
        "Correct the id, or add the document there first.",
    ),
    "to_write": (
        "A text of an exercise still says TO WRITE, as what was brought in from Twine does.",
        "Write the text, or name a source of knowledge/ that says it.",
    ),
    "unknown_fact": (
        "Something needs a fact that is not in this exercise.",
        "Correct the id, or write the fact first.",
    ),
    "unknown_flow": (
        "Example messages, a signature or an exercise name a flow that is not there.",
        "Correct the id, or remove what belongs to a flow that is gone.",
    ),
    "unknown_key": ("A key stands where it means nothing.", "Correct its spelling, or take it out."),
    "unknown_placeholder": (
        "A fixed line is to be filled in with something that nothing knows.",
        "Use one that is listed.",
    ),
    "unknown_scene": (
        "'next' names a scene that is not in this exercise.",
        "Correct the name, write the scene, or write 'end'.",
    ),
    "unknown_source": ("A line cites something that is not in knowledge/.", "Correct the id, or add the source first."),
    "unknown_step": ("'next' names a step that is not in this flow or block.", "Correct the name, or write the step."),
    "unknown_word": (
        "A word is used that the vocabulary does not have.",
        "Correct its spelling, or add it to knowledge/vocabulary.yaml if it is really needed.",
    ),
    "unreachable": ("No answer leads to this step, so nobody would see it.", "Lead to it, or remove it."),
    "unreadable": ("The file cannot be opened.", "See whether you have the right to read it."),
    "unused_block": ("No flow calls or opens this block.", "Call it, or remove the file."),
    "wrong_card": (
        "A card that the program itself shows has other answers than the program understands.",
        "Give it exactly the answers that are named.",
    ),
    "wrong_form": (
        "A value does not have the form that is needed, such as an id, a day or a digest.",
        "Write it as the sentence shows.",
    ),
    "wrong_length": ("A value is too long or too short.", "Keep to the length that is named."),
    "wrong_type": (
        "A number, a list or a set of keys is needed, and something else stands here.",
        "Write what the sentence names.",
    ),
}
"""For each code: what it means, and what to do."""

LINES_OF_AN_EXAMPLE, WIDTH = 7, 120


HEADING = """\
# What `thinkchild check` can say

Each problem is printed with its file, its line, a sentence and, in brackets, one of these codes.
`thinkchild check --explain CODE` says what a code means, as this page does. The page is made, not written:
`thinkchild check --explain all --markdown > knowledge/codes.md`."""


def page(mistakes: Mapping[str, str]) -> str:
    """Return the page of all codes as Markdown; `mistakes` are the bad files kept with the tests, by name."""
    shown = _examples(mistakes)
    parts = [HEADING]
    for code, (means, mend) in CODES.items():
        parts += [f"## {code}", fill(means, WIDTH), fill(f"**What to do:** {mend}", WIDTH)]
        if code in shown:
            parts.append(f"For example:\n\n```yaml\n{shown[code]}\n```")
    return "\n\n".join(parts) + "\n"


def _examples(mistakes: Mapping[str, str]) -> dict[str, str]:
    """Return, for each code, the few lines around the mistake in the first bad file that shows it."""
    found: dict[str, str] = {}
    for _, text in sorted(mistakes.items()):
        lines = text.splitlines()
        said = dict(line[2:].split(": ", 1) for line in lines if line.startswith("# ") and ": " in line)
        excerpt = _around(lines, int(said["line"]))
        if (
            not excerpt.startswith("# ") and excerpt.replace("\n", "").isprintable()
        ):  # what cannot be seen shows nothing
            found.setdefault(said["code"], excerpt)
    return found


def _around(lines: list[str], line: int) -> str:
    """Return the item that the mistake on a line stands in, as far as it needs to be seen."""

    def indent(place: int) -> int:
        return len(lines[place]) - len(lines[place].lstrip())

    begin, end = line - 1, line
    first = not lines[begin - 1].strip() or lines[begin - 1].startswith("# ")  # it is about the file as a whole
    while indent(begin) and not lines[begin].lstrip().startswith("- "):
        begin -= 1
    while end < min(len(lines), begin + LINES_OF_AN_EXAMPLE) and (first or indent(end) > indent(begin)):
        end += 1
    return dedent("\n".join(lines[begin:end]))
