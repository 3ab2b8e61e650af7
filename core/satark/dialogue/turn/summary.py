"""The submission: the summary that the tipster checks, the words that identify the tipster, and the tip to send."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

import msgspec

from satark.api.flow import Step
from satark.api.tip import Priority
from satark.dialogue.session import GivenAnswer, GivenPart, Submission
from satark.dialogue.turn.accusations import accused_by
from satark.dialogue.turn.context import TurnContext
from satark.dialogue.turn.loaded_flow import ASKED_PARTS
from satark_words.analysis import IS, Analysis
from satark_words.choosing import VAGUE
from satark_words.graphemes import truncate
from satark_words.reading import IdentitySpan
from satark_words.small_words import listed


def make_submission(context: TurnContext) -> Submission:
    """Make the submission of everything that the tipster confirmed. Erases files of answers that are off the path."""
    progress, session = context.progress, context.session
    answers = {
        step.id: progress.values[step.id]
        for step in progress.path
        if step.type.part == "ask" and progress.values.get(step.id, "") != ""
    }
    place = progress.place
    if context.loaded.place_step in answers:
        answers[context.loaded.place_step] = {**answers[context.loaded.place_step], **msgspec.to_builtins(place)}
    meanings = {**context.loaded.flow.meanings, "evidence": context.loaded.evidence_step}
    context.drop_files({file.ordinal for file in session.files} - _files_of_the_tip(context))
    return Submission(
        language=session.language,
        category=str(answers.get(meanings.get("category", ""), "")),
        answers=answers,
        meanings=meanings,
        evidence=tuple(file.ordinal for file in context.session.files),
        place=place,
        accused=accused_by(context),
        priority=_priority(context),
        flags=_flags(context),
        origin_disclosed=context.session.origin_disclosed,
        consents={file.ordinal: file.consent for file in context.session.files if file.consent},
    )


def _files_of_the_tip(context: TurnContext) -> set[str]:
    """The ordinals of the evidence, and of the spoken answers on the path."""
    answers = context.session.answers
    spoken = {ordinal for step in context.progress.path if step.id in answers for ordinal in answers[step.id].evidence}
    return spoken | {file.ordinal for file in context.session.files if file.role == context.loaded.evidence_step}


def _flags(context: TurnContext) -> tuple[str, ...]:
    holding = (name for name, one in context.loaded.flow.flags.items() if one.holds(context.progress.values))
    return (*(f"danger:{kind}" for kind in context.session.dangers), *holding)


def _priority(context: TurnContext) -> Priority:
    if context.session.dangers:
        return "urgent"
    rules = context.loaded.flow.priority
    levels: tuple[Priority, ...] = ("urgent", "high")
    return next((level for level in levels if level in rules and rules[level].holds(context.progress.values)), "normal")


SUMMARY_LENGTH: Final = 620
"""Characters that all answers of a summary may take together, so that it fits the body of a message with buttons."""
SCREEN: Final = 500
"""Characters that a small phone shows at once: the longest first reply to a whole tip, notice included."""
SMS_SUMMARY_LENGTH: Final = 110
"""The same limit for a text message, which costs by length. It can be short: the tipster has just written the answers.
"""
_SHORTEST: Final = 24
_LONGEST: Final = 240


def summary(context: TurnContext, length: int = SUMMARY_LENGTH, longest: int = _LONGEST) -> str:
    """List the answers, one a line. Long ones are truncated to fit the given lengths."""
    answers, texts = context.session.answers, context.catalogue
    shown = []
    for step in context.progress.path:
        view, answer = context.view(step), answers.get(step.id, GivenAnswer())
        told = answer.value is not None or answer.evidence or (step.type.part == "media" and view.files)
        if step.type.part not in ASKED_PARTS or not told:
            continue
        name = texts.text(texts.own(f"{step.id}.name", context.session.channel))
        shown.append((name, step.type.show(step, answer.value, view)))
    length = min(length, SMS_SUMMARY_LENGTH) if context.session.channel == "sms" else length
    share = length // max(1, len(shown))
    bullet = "" if context.session.channel == "sms" else "• "
    room = {name: max(_SHORTEST, min(share - len(name), longest)) for name, _ in shown}
    if longest > _LONGEST and sum(len(name) + len(text) for name, text in shown) <= length:
        room = dict.fromkeys(room, length)
    return "\n".join(f"{bullet}{name}: {truncate(' '.join(text.split()), room[name])}" for name, text in shown)


class Cut(NamedTuple):
    """A part of a text that is taken out, and its replacement."""

    start: int
    end: int
    instead: str = ""
    """Replacement that keeps the sentence whole."""


def identifying_words(context: TurnContext) -> tuple[str, ...]:
    """Return the identifying words that the tipster was not asked about, each once, in the order of the answers."""
    found = (text[start:end] for name, text in list(_texts(context)) for start, end, _ in _open(context, name, text))
    return tuple(dict.fromkeys(found))


def summary_without_identity(context: TurnContext, beside: int) -> tuple[str, bool]:
    """List the answers without the identifying words, in `SCREEN` less `beside`. Return too whether none is cut."""
    shown = TurnContext(context.loaded, context.states, context.session, context.source, context.now)
    take_out_identity(shown)
    room = SUMMARY_LENGTH if context.session.revision else SCREEN - beside
    text = summary(shown, room, SUMMARY_LENGTH)
    if "…" in text:  # nothing may be sent that was not shown, so that this may take more than a screen
        text = summary(shown, SUMMARY_LENGTH, SUMMARY_LENGTH)
    return text, "…" not in text


def take_out_identity(context: TurnContext) -> None:
    """Take the identifying words out of every answer."""
    _take_out(context, {name: _open(context, name, text) for name, text in list(_texts(context))})


def _take_out(context: TurnContext, spans: Mapping[str, list[Cut]]) -> None:
    for name in (name for name in spans if spans[name]):
        answer = context.session.answers[name]
        context.set_answer(name, GivenAnswer.of_parts(_parts_without(answer, spans[name]), answer.evidence))


def told_in(context: TurnContext, sounds: set[str], *, take_out: bool = False) -> set[str]:
    """Return which of these sounds occur in written answers; if `take_out`, take those words out."""
    typed = {step.id for step in context.loaded.steps if step.type.name == "text"}
    told = {name: context.analysis(text) for name, text in _texts(context) if name in typed}
    meant = {name: [at for at, sound in enumerate(one.sounds) if sound in sounds] for name, one in told.items()}
    if take_out:
        _take_out(context, {name: [Cut(*told[name].tokens[at][1:3]) for at in meant[name]] for name in meant})
    return {told[name].sounds[at] for name in meant for at in meant[name]}


def note_identity(context: TurnContext, step: Step) -> None:
    """Store the identifying words of an answer that this turn has read, so that sending need not read it again."""
    answer = context.session.answers.get(step.id)
    text = _words(step.type.name, answer) if answer is not None else ""
    if text and context.has_read(text):
        _own(context, step.id, text)


def _open(context: TurnContext, name: str, text: str) -> list[Cut]:
    """Return the identifying parts of an answer that the tipster was not asked about yet."""
    decided, answer = context.session.identity_decided, _own(context, name, text)
    spans = answer.own or ()
    instead = answer.instead or ("",) * len(spans)
    found = [Cut(*span, one) for span, one in zip(spans, instead, strict=True)]
    return [one for one in found if text[one.start : one.end] not in decided]


def _own(context: TurnContext, name: str, text: str) -> GivenAnswer:
    """Return an answer with the parts that may identify the tipster set. The session stores them."""
    answer = context.session.answers[name]
    if answer.own is None:
        analysis = context.analysis(text)
        spans = context.loaded.reader.own_identity(analysis)
        spared = {"kin"} if context.session.dangers else set()  # who is in danger is what a cry tells
        found = cuts(analysis, [span for span in spans if span.kind not in spared])
        own, instead = tuple(one[:2] for one in found), tuple(one.instead for one in found)
        answer = msgspec.structs.replace(answer, own=own, instead=instead)
        context.change(answers={**context.session.answers, name: answer})
    return answer


def _texts(context: TurnContext) -> Iterator[tuple[str, str]]:
    """Yield the step and the words of each answer on the path that consists of words."""
    for step in context.progress.path:
        answer = context.session.answers.get(step.id)
        if answer is not None and step.type.part == "ask" and (text := _words(step.type.name, answer)):
            yield step.id, text


def _words(step_type: str, answer: GivenAnswer) -> str:
    value = answer.value
    if isinstance(value, dict):
        return str(value.get("text", ""))
    return value if isinstance(value, str) and step_type == "text" else ""


def _parts_without(answer: GivenAnswer, spans: list[Cut]) -> Iterator[GivenPart]:
    """Yield the parts of an answer without these spans, which count in its joined words. A part may become empty."""
    at = 0
    for source, part in answer.parts:
        words = _words("text", GivenAnswer(part))
        upto = at + len(words)
        within = [
            Cut(max(start, at) - at, min(end, upto) - at, instead if start >= at else "")
            for start, end, instead in spans
            if start < upto and end > at
        ]
        yield source, _replaced(part, without(words, within)) if within else part
        at = upto + bool(words)


def _replaced(value: Any, text: str) -> Any:
    return {**value, "text": text} if isinstance(value, Mapping) else text


# ------------------------------------------------------------- what is left without identifying words

_LINKS: Final = listed("links")
_POSTPOSITIONS: Final = listed("postpositions")
_SOMEBODY: Final = {0: ("koi", "kisi"), 0x0900: ("कोई", "किसी"), 0x0600: ("کوئی", "کسی")}
"""First code point of a script's letters → "somebody", and its form before a postposition or a noun."""
_ENGLISH: Final = listed("english-kin")
_STOPS: Final = " ,.;:।-–—~\n"


def cuts(analysis: Analysis, spans: Iterable[IdentitySpan]) -> Sequence[Cut]:
    """Return the cuts that remove these parts from a text. A clause that tells little else is removed whole."""
    found = sorted({_cut(analysis, span) for span in spans}, key=lambda one: (one.start, -one.end))
    ends = [max([one.end for one in found[:at]], default=0) for at in range(len(found))]
    return [one for one, end in zip(found, ends, strict=True) if one.end > end]  # none is within another


def without(text: str, cuts: Iterable[Cut]) -> str:
    """Return the text without these parts, with their replacements."""
    left, at = "", 0
    for start, end, instead in (*cuts, Cut(len(text), len(text))):
        begins = at > 0 and left.rstrip(" ")[-1:] in {"", *_STOPS}  # behind a gap that nothing or a stop precedes
        left += (text[at:start].lstrip(_STOPS) if begins else text[at:start]) + instead
        at = max(at, end)
    return " ".join(left.split()).rstrip(" ,;:-–—~")


def _cut(analysis: Analysis, span: IdentitySpan) -> Cut:
    """Return the whole clause of a span if the clause tells nothing else; if not, the span with its replacement."""
    tokens = analysis.tokens
    inside = [at for at, token in enumerate(tokens) if token.end > span.start and token.start < span.end]
    if not inside:
        return Cut(span.start, span.end)
    first, last = inside[0], inside[-1]
    ends = {at for at, token in enumerate(tokens) if token.text in listed("am")}  # "… hun" ends a clause too
    numbers = [number + sum(end < at for end in ends) for at, number in enumerate(analysis.clauses)]
    clause = [at for at, number in enumerate(numbers) if numbers[first] <= number <= numbers[last]]
    told = {at for one in analysis.found("@story") if one.name not in VAGUE for at in range(one.start, one.end)}
    rest = {*clause} - {*inside}
    tells = bool(told & rest) or len(rest - analysis.covered(("@beside-who",))) > 1
    behind = tokens[last + 1].text if last + 1 < len(tokens) else ""
    stays = span.kind == "kin" or tells or first > clause[0] or behind in _POSTPOSITIONS
    if span.kind in {"kin", "own_place"} and stays and tokens[last].text not in IS:
        noun = analysis.text[tokens[last].start : tokens[last].end]
        end = _end_of_word(analysis.text, span.end)
        own = next((token.text for token in tokens if token.text in {"my", "our"}), tokens[first].text)
        return Cut(span.start, end, _instead(span.kind, own, noun, behind))
    if not tells:
        first, last = clause[0], clause[-1]
    elif span.kind in {"phone", "number"}:
        beside = analysis.covered(("@beside-numbers",)) & {*clause}
        first = next(at for at in range(first, -1, -1) if at - 1 not in beside)
        last = next(at for at in range(last, len(tokens)) if at + 1 not in beside)
    if last + 1 < len(tokens) and tokens[last + 1].text in _LINKS and first in {0, clause[0]}:
        last += 1
    start, end = min(span.start, tokens[first].start), max(span.end, tokens[last].end)
    return Cut(start, _end_of_word(analysis.text, end))


def _end_of_word(text: str, end: int) -> int:
    """Return the end of a word, including parts behind a dash: "brother-in-law", "B-21"."""
    tail = re.compile(r"(?:[-/]\w+)+").match(text, end)
    return tail.end() if tail else end


def _instead(kind: str, first: str, noun: str, behind: str) -> str:
    """Return the replacement for words about the sender's own people or things: "someone" for "my uncle"."""
    somebody, of = _SOMEBODY.get(ord(first[0]) & 0xFF00, _SOMEBODY[0])
    if first in _ENGLISH:
        article = "an" if noun[0].lower() in "aeiou" else "a"
        return f"{article} {noun}" if kind == "own_place" else "someone" + "'s" * noun.endswith(("'s", "’s"))
    return f"{of} {noun}" if kind == "own_place" else of if behind in _POSTPOSITIONS else somebody
