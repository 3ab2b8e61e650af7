"""The senses that a text may have at a question, tried in order, the surest first."""

from collections.abc import Sequence
from functools import cached_property
from typing import Final, Literal

import msgspec

from satark_words.analysis import Analysis
from satark_words.choosing import STORY_REST, STORY_WORDS, TextAtQuestion, marks_of, says_yes
from satark_words.danger import known_dangers, likely_dangers
from satark_words.opening import category_of, is_denied, opening_of, rivals_of
from satark_words.places import Places
from satark_words.reading import FREE, IRREVERSIBLE, Asked, Confidence, Kind, Opening, Reading
from satark_words.rules import FRAME, topic_of
from satark_words.small_words import in_order, listed
from satark_words.weights import SPOKEN, Likely, likeliest, likely_of, talk_of, weights

COMMANDS: Final = in_order("commands")
"""Commands in the order in which they are tried. If a text has words of two, the earlier command counts."""
SOCIAL: Final = tuple(one.split(":") for one in in_order("social"))
"""Marks of talk, each with the kind and topic of a text that contains nothing else."""
QUESTION_MARKS: Final = frozenset("?❓❔")
"""Question marks. A text of question marks alone asks for help."""
LONGEST_TALK: Final = 12
"""Number of words of the longest text that may correct the place at another question."""
LONGEST_SOCIAL: Final = 5
"""Number of words of the longest text that talks and may name an option too."""
LONGEST_TOPIC: Final = 16
"""Number of words of the longest text that is only a question or remark; a longer one also tells something."""
_LONGEST_NUMBER: Final = 4
"""Most digits of a number that is no postal code."""


class Senses(TextAtQuestion):
    """The senses that one text may have at a question."""

    def __init__(self, analysis: Analysis, asked: Asked, places: Places) -> None:
        super().__init__(analysis, asked, places)
        self._known = self._dangers = known_dangers(analysis)

    def read(self) -> Reading:
        """Try each sense in turn."""
        steps = (
            self._nothing,
            self._correction,
            self._certain,
            self._danger,
            self._social,
            self._language,
            self._unknown,
            self._command,
            self._refused,
            self._likely_option,
            self._topic,
            self._yes_or_no,
            self._guess,
            self._content,
        )
        found = next((reading for step in steps if (reading := step())), None)
        reading = found or self._make(Kind.UNCLEAR, suggested="" if self._tells_detail else self._chosen.suggested)
        return reading if reading.confidence is Confidence.CERTAIN else self._doubted(reading)

    def _doubted(self, reading: Reading) -> Reading:
        """Lower what is not sure to a guess; suggest what the weights are against."""
        if not (reading.option or reading.kind in {Kind.COMMAND, Kind.UNCLEAR}):
            return reading
        likely = self._likely
        probable = likely.sense if likely and likely.is_probable and likely.sense != "often" else ""
        is_clear = self._asked.name == "police" and says_yes(self._analysis, surely=True)  # what it denies says "no"
        is_against = likely and probable != reading.option and self._asked.name != "category"
        if reading.kind is Kind.OPTION and is_against and not is_clear:
            return self._make(Kind.UNCLEAR, suggested=reading.option, story=reading.story)
        if reading.option and reading.kind is not Kind.COMMAND and not (is_clear or self._is_sure(reading.option)):
            return msgspec.structs.replace(reading, confidence=Confidence.GUESS)
        if reading.kind is Kind.COMMAND and not reading.story and (probable or self._doubts(reading)):
            return self._make(Kind.UNCLEAR, suggested=probable or f"@{reading.command}", story=self._free)
        if reading.kind is Kind.UNCLEAR and not reading.suggested and probable and self._uncovered(("@said",)) <= 1:
            return msgspec.structs.replace(reading, kind=Kind.UNCLEAR, suggested=probable)
        return reading

    @cached_property
    def _likely(self) -> Likely | None:
        """The option for which the weights are, if the question has any."""
        name, options = self._asked.name.lstrip("@"), [one.id for one in self._asked.options]
        if name == "category":
            rivals = rivals_of(category_of(self._analysis))
            return likely_of(self._analysis.features, set(options).intersection(rivals))
        found = likely_of(self._analysis.features, (sense for sense in weights() if sense.startswith(f"{name}:")))
        return found and found._replace(sense=found.sense.partition(":")[2])

    def _is_sure(self, option: str) -> bool:
        told, asked = self._analysis, self._asked
        marks = {one.id: marks_of(one, asked) for one in asked.options}
        own = told.covered(name for name in marks[option] if option == "no" or name != "say.no")
        own |= {at for one in self._places.marks_of(option, told) for at in range(one.start, one.end)}
        own |= told.covered(("time.*",) if asked.name in {"when", "now"} else ())
        rivals = [name for code, names in marks.items() for name in names if code != option and name != "say.no"]
        return self._is_sure_by(option, own, rivals)

    def _is_sure_by(self, option: str, own: set[int], rivals: Sequence[str]) -> bool:
        """Whether the words `own` surely choose an option. `rivals`: marks of the question's other options.

        An answer in other than its own words is sure where two readings agree: rules about marks find it, and the
        weights of words are clearly for it. Where they are less clear, or don't know the question, it is sure only if
        its words are nearly all that the text tells, and no other word asks, denies, limits it or names another answer.
        """
        told, likely, denies = self._analysis, self._likely, option in {"no", "unknown"}
        if (told.asks and option != "unknown") or (likely and likely.sense != option):
            return False
        rest = {at for at, token in enumerate(told.tokens) if token.text != "?"} - own
        if likely and likely.is_clear:
            return denies or not rest & told.covered(("neg.but", "neg.wrong", "say.no"))
        limits = rest & told.covered(rivals if denies else (*rivals, "@limits"))
        return not limits and len(rest - told.covered(("@empty",))) <= (0 if likely else 1)

    def _doubts(self, reading: Reading) -> bool:
        """Return whether a command is uncertain: going back erases, and a past tense tells of somebody else."""
        answers = reading.command in {"unknown", "language"}
        erases = reading.command == "back" and self._analysis.has("opt.when.was", "time.past")
        asks = self._analysis.asks and reading.command in {"done", "skip"}
        return not answers and (asks or erases or reading.talk != "likely" or reading.confidence is Confidence.GUESS)

    def _make(self, kind: Kind, confidence: Confidence = Confidence.LIKELY, **fields: object) -> Reading:
        analysis = self._analysis
        story = bool(fields.pop("story", False))
        opens = story and (self._asked.opening or self._asked.options or self._asked.asks not in FREE)
        opening = opening_of(self._places, self._dangers, analysis) if opens else Opening()
        return Reading(
            kind=kind, confidence=Confidence.GUESS if kind is Kind.UNCLEAR else confidence, negated=analysis.negates,
            asks=analysis.asks, dangers=self._dangers, story=story, opening=opening, talk=self._talk,
            **fields,  # type: ignore[arg-type]
        )  # fmt: skip

    # ------------------------------------------------------------- the surest first

    def _nothing(self) -> Reading | None:
        if not self._analysis.tokens:
            return self._make(Kind.UNCLEAR)
        asks = all(token.text in QUESTION_MARKS for token in self._analysis.tokens)
        return self._make(Kind.COMMAND, Confidence.CERTAIN, command="help") if asks else None

    def _correction(self) -> Reading | None:
        """Read "no, wrong, that is in Sigra" as a wish to change the place, at a question for something else."""
        may_correct = self._asked.name not in ("station", "district", "category", "language")
        asks_other = self._asked.asks == "choice" and may_correct and len(self._analysis) <= LONGEST_TALK
        wrong = self._analysis.has("cmd.edit", "neg.wrong", "k.mistake")
        other = self._analysis.has("police", "person.police", "unit.*", "time.*", "opt.police.no")
        if not asks_other or self._tells() or not (wrong or (self._analysis.has("say.no") and not other)):
            return None
        named = self._places.named(self._analysis)
        return self._make(Kind.COMMAND, command="edit", story=True) if named else None

    @cached_property
    def _commands(self) -> Sequence[str]:
        """The commands that count at this question and have words in the text, the best spelt ones first."""
        sure: dict[str, float] = {}
        for mark in self._analysis.found("cmd.*"):
            name = mark.name.removeprefix("cmd.")
            sure[name] = max(mark.quality, sure.get(name, 0))
        expected = [name for name in COMMANDS if name in sure and self._expects(name)]
        return sorted(expected, key=lambda name: -sure[name])

    def _certain(self) -> Reading | None:
        """Read an exact option or command, or a phrase that asks to wait, if the text tells no danger."""
        chosen, analysis = self._chosen, self._analysis
        if chosen.option and chosen.confidence is Confidence.CERTAIN and not (self._known or self._refused()):
            return self._make(Kind.OPTION, Confidence.CERTAIN, option=chosen.option)
        if self._dangers:
            return None
        if self._is_phrase("soc.wait") and analysis.consists_of(
            ("soc.wait",), ("fill", "pol", "who.me", "digits"), worst=FRAME
        ):
            return self._make(Kind.WAIT)
        exact = next((name for name in self._commands if analysis.is_exactly((f"cmd.{name}",), ("@polite",))), "")
        return self._make(Kind.COMMAND, Confidence.CERTAIN, command=exact) if exact else None

    def _danger(self) -> Reading | None:
        """Read a text as a danger if a rule holds. A danger that only the letters tell is shown beside any reading."""
        self._dangers = self._known or likely_dangers(self._analysis)
        if not self._known:
            return None
        return self._make(Kind.DANGER, story=self._is_story(least=1), option=self._option)

    @cached_property
    def _talk(self) -> Literal["", "maybe", "likely"]:
        """Whether the text only talks to the service. A text without a known word does not, nor surely a long one."""
        told = self._analysis
        talk = talk_of(told.features, begins=self._asked.opening) if told.marks.names() else ""
        return "maybe" if talk and len(told) > LONGEST_TOPIC else talk

    def _likely_story(self) -> Reading | None:
        """Read a story at the question for the category as its likely category."""
        codes = [one.id for one in self._asked.options] if self._asked.name == "category" else []
        code = likeliest(self._analysis.features, codes)
        return self._make(Kind.OPTION, option=code, story=True) if code else None

    def _social(self) -> Reading | None:
        longer = self._asked.name == "category" and len(self._analysis) >= STORY_WORDS
        if self._dangers or (self._chosen.option and (longer or self._asked.name == "now")):
            return None
        beside = ("@loose", "say.yes", "t.listen", "t.tell", "time.*", "digits")
        for mark, kind, topic in SOCIAL:
            if self._analysis.consists_of((mark,), beside, spare=self._spare()) and not self._tells():
                if mark == "soc.ok" and (self._analysis.negates or self._is_phrase("cmd.*")):
                    continue
                send = "send" if mark == "soc.ok" and self._acts("send") else ""
                return self._make(Kind(kind), topic=topic, suggested=self._chosen.suggested or send)
        return None

    def _unknown(self) -> Reading | None:
        beside = ("@loose", "t.refuse", "unit.*", "place.*", "police", "soc.sorry", "k.part")
        optional = any(option.id == "unknown" for option in self._asked.options)
        senses = ("say.unknown", "say.maybe") if optional else ("say.unknown",)
        unknown = self._analysis.consists_of(senses, beside, spare=self._spare())
        accuses = self._asked.name == "police" and says_yes(self._analysis)
        others = self._analysis.has("t.code", "t.leak") or self._analysis.has_outside(("ask", "ask.sign"), senses)
        if not unknown or accuses or self._tells() or others:
            return None
        if optional:
            return self._make(Kind.OPTION, option="unknown")
        if any(option.acts for option in self._asked.options):
            return self._make(Kind.UNCLEAR)
        return self._make(Kind.COMMAND, command="unknown")

    def _command(self) -> Reading | None:
        if not self._commands:
            return None
        if self._asked.asks == "code" and self._analysis.has("t.code"):
            return None  # "I lost my code" calls for no help
        if self._tells() or self._chosen.option or (self._analysis.asks and self._analysis.has("say.if")):
            return None
        for name in self._commands:
            if self._free and not (self._is_phrase(f"cmd.{name}") or name in {"cancel", "delete"}):
                continue
            more = ("time.*", "t.report", "k.contact") if name in {"status", "forget"} else ()
            beside = ("@beside-commands", *more)
            near = self._analysis.consists_of((f"cmd.{name}",), beside, spare=0 if self._free else self._spare())
            if near and self._analysis.asks and (name == "reply" or self._analysis.has("t.when")):
                continue  # "when will the answer come?"
            if near and name in IRREVERSIBLE and (self._analysis.asks or self._analysis.has("k.passive")):
                continue
            if near and name in IRREVERSIBLE:
                return self._make(Kind.UNCLEAR, suggested=f"@{name}")
            if near and not self._analysis.has_outside(("@negations",), (f"cmd.{name}",)):
                return self._make(Kind.COMMAND, command=name)
        return None

    def _language(self) -> Reading | None:
        """Read the name of a language as the command `language`, with the language as its option.

        A sender who doesn't know one of two offered languages gets the other; with more, they are asked for one.
        """
        told = self._analysis
        beside = ("@loose", "@not-known", "cmd.language", "t.listen", "t.tell", "t.bot", "k.*", "reads")
        if told.asks or not told.consists_of(("lang.*",), beside, spare=self._spare()):
            return None
        named = {mark.name: told.has("@not-known") or is_denied(told, mark) for mark in told.found("lang.*")}
        wished = {name.partition(".")[2] for name, denied in named.items() if not denied}
        if not wished and len(named) == 1 and self._asked.name == "language":
            wished = {one.id for one in self._asked.options if f"lang.{one.id}" not in named}
        if len(wished) > 1 or len(named) > 1 > len(wished):
            return None
        return self._make(Kind.COMMAND, command="language", option="".join(wished))

    def _refused(self) -> Reading | None:
        """Read "don't send" and "no, leave it" as wishes of their own, never as a wish to send or as an answer."""
        told, is_review = self._analysis, self._asked.asks == "review"
        if is_review and told.negates and told.has("cmd.send", "k.send"):
            return self._make(Kind.REFUSAL, topic="send")
        leaves = told.consists_of(("cmd.skip", "cmd.cancel", "opt.reach.no"), ("@loose", "say.no"))
        acts = not is_review and any(option.acts for option in self._asked.options)
        refuses = leaves and not acts and not told.asks and told.has("@negations", "say.no")
        return self._make(Kind.REFUSAL) if refuses else None

    def _likely_option(self) -> Reading | None:
        """Choose an option, and keep the words that tell more than it, or tell a category in several words."""
        told = self._asked.name == "category" and len(self._analysis) >= STORY_WORDS
        told = told or (not self._free and self._is_story() and self._tells())
        confidence = self._chosen.confidence
        return self._make(Kind.OPTION, confidence, option=self._option, story=told) if self._option else None

    def _topic(self) -> Reading | None:
        if self._free and self._tells():
            return None
        topic = topic_of(self._analysis.marks) if len(self._analysis) <= LONGEST_TOPIC else None
        unsure = topic and topic.family in {"question", "remark"} and not self._analysis.asks
        told = self._uncovered(("@said",)) if topic and topic.name == "unheard" else self._uncovered()
        if topic is None or (unsure and told > self._spare() + 1):
            return None
        if topic.name == "report" and (likelier := self._likely_story()):
            return likelier
        if topic.name == "status":
            return self._make(Kind.COMMAND, command="status")
        return self._make(Kind(topic.family), topic=topic.name)

    def _yes_or_no(self) -> Reading | None:
        if self._analysis.consists_of(("say.no",), ("@filling", "soc.*", "neg")):
            return self._make(Kind.UNCLEAR if self._asked.options else Kind.REFUSAL)
        agrees = self._analysis.consists_of(("say.yes", "say.right"), ("@filling", "soc.*"))
        return self._make(Kind.UNCLEAR) if agrees else None

    def _guess(self) -> Reading | None:
        """Guess the kind of a text that only talks to the service."""
        names_option = self._chosen.suggested and len(self._analysis) <= LONGEST_SOCIAL
        if self._talk != "likely" or names_option or (category_of(self._analysis) and not self._analysis.asks):
            return None
        said = likeliest(self._analysis.features, SPOKEN)
        kind, _, command = said.partition(":")
        if not said or (command and not self._expects(command)):
            return None
        if self._asked.asks == "media" and self._analysis.negates:
            return self._make(Kind.REMARK, Confidence.GUESS, topic="no_evidence")
        topic = "other" if kind in {Kind.QUESTION, Kind.REMARK} else ""
        return self._make(Kind(kind), Confidence.GUESS, command=command, topic=topic)

    @property
    def _tells_detail(self) -> bool:
        """Whether a text tells the time that is asked for, a vehicle's number, or further persons: "uska bhai bhi"."""
        told, others = self._analysis, ("who.kin", "who.child", "k.count", "digits")
        if told.asks or told.negates or told.has("soc.wait"):
            return False
        is_time = self._asked.name in {"when_date", "how_often"} and told.has("time.*", "num.*", "digits")
        return is_time or told.has("thing.number") or (told.has("id.their", "who.they") and told.has(*others))

    @property
    def _tells_place(self) -> bool:
        """Whether a text tells a place: a name, a landmark, a postal code, or something near the place."""
        told = self._analysis
        number = max([len(token.text) for token in told.tokens if token.text.isdecimal()], default=0)
        things = told.covered(("@landmarks",)) - told.covered(("thing.vehicle", "w.lure"))
        near = told.has("place.near") and self._uncovered(
            ("@says-nothing", "@nowhere", "@details", "act.*", "digits", "k.whole")
        )
        return bool(things or near or number > _LONGEST_NUMBER or self._names_place)

    @cached_property
    def _names_place(self) -> bool:
        """Whether a text names a place, or has an unknown word, as names are. A told deed must be in that place."""
        told = self._analysis
        if self._places.codes(told):
            return True
        unknown = told.unknown - told.covered(("act.*", "verb.*", "time.*", "@nowhere"))
        beside = {at + step for at in unknown for step in (-1, 1)}
        is_in = any(at in beside and token.text in listed("within") for at, token in enumerate(told.tokens))
        return bool(unknown) and (is_in or not told.has("@deeds"))

    def _content(self) -> Reading | None:
        if self._free:
            only_fill = not (self._uncovered(("@says-nothing",)) or self._tells_detail)
            if self._asked.asks == "place" and not self._tells_place:
                rest = self._uncovered(("@says-nothing", "@nowhere", "digits")) or category_of(self._analysis)
                return self._make(Kind.UNCLEAR, story=bool(rest or self._analysis.has("@details")))
            if only_fill:
                return self._make(Kind.UNCLEAR)
            return self._make(Kind.CONTENT, story=True)
        if self._chosen.suggested or not (self._is_story() or self._tells_detail):
            return None
        doubts = self._asked.asks == "review" or self._analysis.asks or self._analysis.negates
        told = self._tells() or self._tells_detail
        told = told or self._uncovered() > (STORY_WORDS if doubts else STORY_REST)
        return self._likely_story() or (self._make(Kind.CONTENT, story=True) if told else None)
