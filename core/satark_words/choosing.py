"""A text as an answer to the current question: the option that it chooses, how surely, and which other words count."""

from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Final, NamedTuple

from satark_words.analysis import Analysis
from satark_words.opening import accuses_another, category_of, happens_now, is_denied, names_another, unit_of
from satark_words.places import Places
from satark_words.reading import FREE, Asked, AskedChoice, Confidence
from satark_words.rules import FRAME, SOUND, Mark, is_inside
from satark_words.small_words import listed, read_table
from satark_words.tokens import keys, normalize, tokenize

_SHORT: Final = 5
"""Most words of a text in which a negation anywhere prevents a choice. In a longer text only a near negation does."""
_NEAR: Final = 2
_SHORTEST_NAME: Final = 4
_BY_SENSE: Final = frozenset({"category", "police_unit"})
_CHOOSING: Final = read_table("choosing.yaml", dict[str, dict[str, list[str]]])


class Chosen(NamedTuple):
    """The option that a text chooses, and how surely. If only `suggested` is set, the text chooses nothing."""

    option: str = ""
    confidence: Confidence = Confidence.GUESS
    suggested: str = ""


def choose(analysis: Analysis, asked: Asked, places: Places) -> Chosen:
    """Find the option that a text chooses."""
    if exact := _exact(analysis, asked.options):
        return Chosen(exact, Confidence.CERTAIN)
    if asked.name == "now" and ((told := _told_now(analysis, asked)) or analysis.has("verb.went-on")):
        return Chosen(told, Confidence.LIKELY)
    if asked.name == "police" and (says_yes(analysis) or names_another(analysis)):
        surely = says_yes(analysis, surely=True)
        return Chosen("yes", Confidence.LIKELY) if surely else Chosen(suggested="yes")
    found = [(option, marks) for option in asked.options if (marks := _marks(option, asked, analysis, places))]
    several = len(found) > 1
    found = _narrowed(_with_sense(found, asked, analysis), asked, analysis)
    is_wish = analysis.consists_of(("lang.*",), ("@beside-language",)) and not analysis.has("@not-known")
    if asked.name == "language" and not is_wish:
        return Chosen()  # "angrezi daru", "hindi medium school", "hindi nahi aati"
    kept = [
        (option, marks)
        for option, marks in found
        if option.id in {"no", "change"} or not all(is_denied(analysis, mark, "@negations") for mark in marks)
    ]
    if len(kept) != 1:
        return Chosen()
    option, marks = kept[0]
    if option.acts:
        has_words = any(token.text[0].isalpha() for token in analysis.tokens)  # a thumbs-up alone must not send a tip
        exactly = has_words and analysis.is_exactly(marks_of(option, asked), ("@beside-act",))
        return Chosen(option.id, Confidence.CERTAIN) if exactly else Chosen(suggested=option.id)
    limited = option.id == "no" and asked.name != "now" and analysis.has("neg.but")  # "no arms, but dogs"
    limited = limited or (option.id == "yes" and analysis.has("@negations", "say.no"))
    limited = limited or (option.id == "no" and len(analysis) <= _NEAR and analysis.has("say.yes"))
    if limited or (analysis.asks and len(analysis) <= _SHORT * 2):
        return Chosen(suggested=option.id)
    sure = _confidence(analysis, option, marks, asked)
    return Chosen(option.id, min(sure, Confidence.LIKELY) if asked.name == "when" and several else sure)


def says_yes(analysis: Analysis, *, surely: bool = False) -> bool:
    """Return whether a text accuses police, though it denies others or doesn't know who: "haan par kaun pata nahi".

    `surely`: not in a bare "haan pata nahi", nor in "nahi, lekin sipahi aata hai".
    """
    if accuses_another(analysis):
        return True
    yes = [mark for mark in analysis.found("say.yes") if _counts(mark, analysis)]
    denied = analysis.has_outside(("@negations", "neg.wrong", "say.no", "say.maybe", "ask.sign"), ("say.unknown",))
    more = analysis.has("neg.but") or not listed("who").isdisjoint(token.text for token in analysis.tokens)
    return bool(yes and analysis.has("say.unknown")) and not denied and (more or not surely)


def _told_now(analysis: Analysis, asked: Asked) -> str:
    """Return the answer to "does it happen now?": `files` if the sender has files, else from the times told."""
    if len(analysis) <= _SHORT and analysis.has("say.unknown", "say.maybe"):
        return ""
    evidence = analysis.found("t.evidence")
    if not evidence:
        return happens_now(analysis)
    has_some = any(not is_denied(analysis, mark) for mark in evidence) and not analysis.has("verb.ongoing", "ask")
    return "files" if has_some and any(option.id == "files" for option in asked.options) else ""


def marks_of(option: AskedChoice, asked: Asked) -> tuple[str, ...]:
    """Return the names of the marks that choose an option of a question."""
    name, sense = asked.name.lstrip("@"), option.sense
    own = _CHOOSING.get("review" if asked.asks == "review" else name, {})
    names = own.get(sense, own.get("*", _CHOOSING["other"].get(sense, [])))
    return (f"opt.{name}.{sense}", f"said.{name}.{sense}", *(one.format(sense) for one in names))


def _exact(analysis: Analysis, options: Sequence[AskedChoice]) -> str:
    normal = analysis.normal
    if not normal or "?" in {token.text for token in analysis.tokens}:
        return ""
    if normal.isdecimal():
        number = int(normal) if len(normal) < _SHORT else 0
        return options[number - 1].id if 0 < number <= len(options) else ""
    only_heard = analysis.consists_of(("soc.ok",), ("pol",)) and not analysis.has("say.right", "say.yes")
    for option in options:
        if normal in _normals(option.label, option.words):
            return "" if option.acts and only_heard else option.id
    return "" if any(option.acts for option in options) else _numbered(analysis, options)


def _numbered(analysis: Analysis, options: Sequence[AskedChoice]) -> str:
    """Return the option that a text names by its number in words: "option 2", "दूसरा वाला", "number teen"."""
    digits = [token.text for token in analysis.tokens if token.text.isdecimal()]
    rest = set(range(len(analysis))) - analysis.covered(("fill", "pol"))
    if analysis.has("time.clock"):
        return ""
    if len(digits) == 1 and len(rest) == 1 and len(digits[0]) < _SHORT and not analysis.negates:
        number = int(digits[0])
        return options[number - 1].id if 0 < number <= len(options) else ""
    for number, option in enumerate(options[:9], 1):
        if analysis.is_exactly((f"num.{number}",), ("fill", "pol")):
            return option.id
    return ""


def _marks(option: AskedChoice, asked: Asked, analysis: Analysis, places: Places) -> list[Mark]:
    found = [mark for mark in analysis.found(*marks_of(option, asked)) if _counts(mark, analysis)]
    if asked.name not in _BY_SENSE:
        found += places.marks_of(option.id, analysis)
    return found or _by_label(option, analysis)


def _counts(mark: Mark, analysis: Analysis) -> bool:
    """Return whether a mark can choose an option. A yes or no can only at the beginning of the text."""
    if mark.name == "say.ji":
        return len(analysis) == 1
    if mark.name not in {"say.yes", "say.no"}:
        return True
    if len(analysis) <= _NEAR + 1:
        return True
    before = set(range(mark.start)) - analysis.covered(("pol", "soc.*"))
    return not before


def _by_label(option: AskedChoice, analysis: Analysis) -> list[Mark]:
    """Find where all words of an option's label, or of another name for the option, follow each other in a text."""
    heard = analysis.sounds
    found: list[Mark] = []
    for words in _sounds(option.label, option.words) if option.id not in _CHOOSING["other"] else ():
        if words[0] in heard:
            size = len(words)
            starts = [at for at in range(len(heard) - size + 1) if heard[at : at + size] == words]
            found += [Mark(option.id, at, at + size, SOUND) for at in starts]
    return found


@lru_cache(maxsize=1024)
def _normals(label: str, words: tuple[str, ...]) -> frozenset[str]:
    """Return the folded names of an option. They are cached; tipsters' words never are."""
    return frozenset(normalize(name) for name in (label, *words))


@lru_cache(maxsize=1024)
def _sounds(label: str, words: tuple[str, ...]) -> tuple[list[str], ...]:
    """Return the sounds of the words in each name of an option, without the shortest names."""
    names = ([keys(token.text).sound for token in tokenize(name)] for name in (label, *words))
    return tuple(one for one in names if len("".join(one)) >= _SHORTEST_NAME)


_Found = list[tuple[AskedChoice, list[Mark]]]


def _narrowed(found: _Found, asked: Asked, analysis: Analysis) -> _Found:
    """Reduce several options to the one that the whole text is about, or whose words are the longest."""
    if len(found) < 2 and asked.name != "category":  # noqa: PLR2004
        return found
    if asked.name == "category":
        code = category_of(analysis)
        return [one for one in found if one[0].id == code] or found
    if asked.name == "police_unit":
        unknown = [one for one in found if one[0].sense == "unknown"]
        return unknown or [one for one in found if one[0].sense == unit_of(analysis)] or found
    if asked.name == "when" and analysis.has("opt.when.coming", "verb.future") and not analysis.has("opt.when.was"):
        return [one for one in found if one[0].id == "coming"] or found
    return _longest(found)


def _with_sense(found: _Found, asked: Asked, analysis: Analysis) -> _Found:
    """Add the category of the whole text if no word names it, such as police who take money."""
    if asked.name not in {"category", "police"} or (analysis.negates and len(analysis) <= _SHORT):
        return found
    code = category_of(analysis)
    if asked.name == "police":
        code = "yes" if code == "POLCOR" and not found else ""
    if not code or any(option.id == code for option, _ in found):
        return found
    deeds = [*analysis.found("act.*", "cat.*", "w.*")] or [Mark(code, 0, 1, SOUND)]
    return [*found, *((option, deeds) for option in asked.options if option.id == code)]


def _longest(found: _Found) -> _Found:
    """Leave out options whose words all belong to a longer phrase of another option: "नहीं पता" is not "नहीं"."""
    kept = []
    for option, marks in found:
        others = [mark for other, those in found if other.id != option.id for mark in those]
        if own := [mark for mark in marks if not is_inside(mark, others)]:
            kept.append((option, own))
    sizes = [max(mark.end - mark.start for mark in marks) for _, marks in kept]
    most = max(sizes, default=0)
    return [kept[sizes.index(most)]] if most > 1 and sizes.count(most) == 1 else kept


def _confidence(analysis: Analysis, option: AskedChoice, marks: Iterable[Mark], asked: Asked) -> Confidence:
    named = {index for mark in marks for index in range(mark.start, mark.end)}
    rest = set(range(len(analysis))) - named - analysis.covered(("@filling",), FRAME)
    doubtful = any(m.quality < FRAME for m in analysis.found(*marks_of(option, asked)))
    return Confidence.LIKELY if rest or doubtful or analysis.has("say.maybe") else Confidence.CERTAIN


VAGUE: Final = frozenset({"cat.OTHER", "act.do", "act.move", "act.complicit"})
"""Marks that occur in stories, but do not make a text a story."""


def tells_crime(analysis: Analysis) -> bool:
    """Whether a text has sure marks of a crime."""
    return any(mark.name not in VAGUE and mark.quality >= SOUND for mark in analysis.found("@story"))


STORY_WORDS: Final = 4
"""Number of words of the shortest story."""
STORY_REST: Final = 2
"""Number of words of a story that must have a meaning of their own."""


class TextAtQuestion:
    """A text that is read as the answer to a question."""

    def __init__(self, analysis: Analysis, asked: Asked, places: Places) -> None:
        self._analysis = analysis
        self._asked = asked
        self._places = places
        self._free = asked.asks in FREE or (asked.opening and not asked.options)
        self._chosen = choose(analysis, asked, places) if asked.options else Chosen()

    def _is_phrase(self, mark: str) -> bool:
        """Return whether a mark covers several words. If any words are an answer, one of many is no command."""
        return any(one.end - one.start > 1 for one in self._analysis.found(mark))

    def _expects(self, name: str) -> bool:
        """Return whether a command counts here. "done", "more" and the like count only if the question offers them."""
        asked = self._asked
        if name == "done":
            return "done" in asked.actions or asked.asks == "media"
        if name in {"more", "less"}:
            return bool(asked.options)
        if name == "skip" and asked.asks == "review":
            return False
        return name not in {"clear", "leave"} or name in asked.actions

    def _acts(self, option: str) -> bool:
        return any(choice.acts and choice.id == option for choice in self._asked.options)

    @property
    def _option(self) -> str:
        """The option that the text chooses, if choosing it can be undone."""
        return "" if self._acts(self._chosen.option) else self._chosen.option

    def _spare(self) -> int:
        """Number of words that a sense of the whole message may leave unexplained: one in a text of four."""
        return len(self._analysis) // 4

    def _tells(self) -> bool:
        return any(mark.name not in VAGUE for mark in self._analysis.found("@story"))

    def _uncovered(self, names: tuple[str, ...] = ("@loose", "t.*", "say.*", "cmd.*")) -> int:
        return len(set(range(len(self._analysis))) - self._analysis.covered(names))

    def _is_story(self, least: int = STORY_WORDS) -> bool:
        plain = self._uncovered(("fill", "pol", "soc.*"))
        return len(self._analysis) >= least and plain >= min(least, STORY_REST + 1)
