"""The senses that a text may have at a question, tried in order, the surest first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Final, NamedTuple

from satark_words.analysis import Analysis
from satark_words.choosing import FILL, LOOSE, POLITE, STORY_REST, STORY_WORDS, TextAtQuestion
from satark_words.danger import LEAST, DangerRules
from satark_words.marks import FRAME
from satark_words.opening import opening_of
from satark_words.places import Places
from satark_words.reading import FREE, IRREVERSIBLE, Asked, Confidence, Kind, Opening, Reading
from satark_words.rules import Family, Topic, Topics
from satark_words.weights import Weights, category, spoken

COMMANDS: Final = (
    "done", "back", "skip", "repeat", "language", "status", "reply", "edit", "help", "clear", "delete", "cancel",
    "restart", "forget", "elsewhere", "leave", "more", "less",
)  # fmt: skip
"""Commands in the order in which they are tried. If a text has words of two, the earlier command counts."""
SOCIAL: Final = (
    ("soc.wait", Kind.WAIT, ""),
    ("soc.greet", Kind.GREETING, ""),
    ("soc.how", Kind.GREETING, ""),
    ("soc.thanks", Kind.THANKS, ""),
    ("soc.sorry", Kind.REMARK, "mistake"),
    ("soc.noted", Kind.REMARK, "ok"),
    ("soc.ok", Kind.REMARK, "ok"),
    ("soc.bye", Kind.THANKS, ""),
    ("soc.afraid", Kind.REMARK, "afraid"),
    ("t.joke", Kind.REMARK, "chat"),
)
"""Marks of talk, each with the kind and topic of a text that contains nothing else."""
QUESTION_MARKS: Final = frozenset("?❓❔")
"""Question marks. A text of question marks alone asks for help."""
LONGEST_TALK: Final = 12
"""Number of words of the longest text that is guessed to be talk."""
LONGEST_SOCIAL: Final = 5
"""Number of words of the longest text in which one word in four may be unknown, at a question that takes any words."""
LONGEST_WAIT: Final = 9
"""Number of words of the longest text that asks to wait."""
LONGEST_PROMISE: Final = 6
"""Number of words of the longest "I will …" that counts as a wait; a longer one tells something."""
LONGEST_TOPIC: Final = 16
"""Number of words of the longest text that is only a question or remark; a longer one also tells something."""
_BESIDE_COMMANDS: Final = (*LOOSE, "t.listen", "t.tell", "digits", "cmd.help")
"""Marks that may accompany a command's words."""
WISHES: Final = ("cmd.back", "cmd.edit", "cmd.skip", "cmd.help", "cmd.status", "cmd.repeat")
"""Commands next to whose phrases "ok" has no meaning of its own."""


class Knowledge(NamedTuple):
    """The data with which a text is read."""

    places: Places | None
    dangers: DangerRules
    topics: Topics
    weights: Weights


class Senses(TextAtQuestion):
    """The senses that one text may have at a question."""

    def __init__(self, knowledge: Knowledge, analysis: Analysis, asked: Asked) -> None:
        super().__init__(analysis, asked, knowledge.places)
        self._rules = knowledge.dangers
        self._topics = knowledge.topics
        self._weighed = knowledge.weights
        self._dangers = self._rules.known(analysis)

    def read(self) -> Reading:
        """Try each sense in turn."""
        steps = (
            self._nothing,
            self._correction,
            self._certain_option,
            self._certain_wait,
            self._certain_command,
            self._danger,
            self._social,
            self._of_contact,
            self._unknown,
            self._language,
            self._command,
            self._own_story,
            self._refused_sending,
            self._likely_question,
            self._option,
            self._topic,
            self._yes_or_no,
            self._likely_danger,
            self._guess,
            self._content,
        )
        for step in steps:
            if reading := step():
                return reading
        return self._make(Kind.UNCLEAR, suggested=self._chosen.suggested)

    def _make(self, kind: Kind, confidence: Confidence = Confidence.LIKELY, **fields: object) -> Reading:
        analysis = self._analysis
        story = bool(fields.pop("story", False))
        opens = story and (self._asked.opening or self._asked.options or self._asked.asks not in FREE)
        opening = opening_of(analysis, self._places, self._dangers) if opens else Opening()
        sure = Confidence.GUESS if kind is Kind.UNCLEAR else confidence
        return Reading(
            kind=kind, confidence=sure, negated=analysis.negates, asks=analysis.asks, dangers=self._dangers,
            story=story, opening=opening, **fields,  # type: ignore[arg-type]
        )  # fmt: skip

    # ------------------------------------------------------------- the surest first

    def _nothing(self) -> Reading | None:
        if not self._analysis.tokens:
            return self._make(Kind.UNCLEAR)
        if all(token.text in QUESTION_MARKS for token in self._analysis.tokens):
            return self._make(Kind.COMMAND, Confidence.CERTAIN, command="help")
        return None

    def _correction(self) -> Reading | None:
        """Read "no, wrong, that is in Sigra" as a wish to change the place, at a question for something else."""
        may_correct = self._asked.name not in ("station", "district", "category", "language")
        asks_other = self._asked.asks == "choice" and may_correct and len(self._analysis) <= LONGEST_TALK
        wrong = self._analysis.has("cmd.edit", "neg.wrong", "k.mistake")
        other = self._analysis.has("police", "person.police", "unit.*", "time.*", "opt.police.no")
        if not asks_other or self._tells() or not (wrong or (self._analysis.has("say.no") and not other)):
            return None
        named = self._places is not None and self._places.named(self._analysis)
        return self._make(Kind.COMMAND, command="edit", story=True) if named else None

    def _certain_option(self) -> Reading | None:
        chosen = self._chosen
        if chosen.option and chosen.confidence is Confidence.CERTAIN and not self._dangers:
            return self._make(Kind.OPTION, Confidence.CERTAIN, option=chosen.option)
        return None

    def _certain_wait(self) -> Reading | None:
        waits = self._analysis.consists_of(("soc.wait",), ("fill", "pol", "who.me", "digits"), worst=FRAME)
        long = any(mark.end - mark.start > 1 for mark in self._analysis.found("soc.wait"))
        return self._make(Kind.WAIT) if waits and long and not self._dangers else None

    @cached_property
    def _commands(self) -> Sequence[str]:
        """The commands that count at this question and have words in the text, in the order of `COMMANDS`."""
        has = self._analysis.has
        return [name for name in COMMANDS if has(f"cmd.{name}") and self._expects(name)] if has("cmd.*") else []

    def _certain_command(self) -> Reading | None:
        for name in self._commands:
            if self._analysis.is_exactly((f"cmd.{name}",), POLITE) and not self._dangers:
                return self._make(Kind.COMMAND, Confidence.CERTAIN, command=name)
        return None

    def _danger(self) -> Reading | None:
        """Read a danger for which a rule holds as such; one that only the letters tell is shown beside any reading."""
        if not self._dangers:
            self._dangers = self._rules.likely(self._analysis)
            return None
        return self._told_danger()

    def _told_danger(self) -> Reading:
        option = "" if self._acts(self._chosen.option) else self._chosen.option
        return self._make(Kind.DANGER, story=self._is_story(least=1), option=option)

    def _likely_danger(self) -> Reading | None:
        """Find a danger for which no rule holds, but which the letters make likely, in a text without other sense."""
        return self._told_danger() if self._rules.likely(self._analysis, LEAST) else None

    def _find_topic(self, *families: Family) -> Topic | None:
        """Find the topic that the text asks about, remarks on or refuses; a long text tells something instead."""
        return self._topics.find(self._analysis.marks, *families) if len(self._analysis) <= LONGEST_TOPIC else None

    @cached_property
    def _weights(self) -> Mapping[str, float]:
        return self._weighed.of(self._analysis)

    def _likely_story(self) -> Reading | None:
        """Read a story at the question for the category as its likely category."""
        codes = [one.id for one in self._asked.options] if self._asked.name == "category" else []
        code = category(self._weights, codes)
        return self._make(Kind.OPTION, option=code, story=True) if code else None

    def _spoken(self) -> Reading | None:
        """Read a text that tells of no crime or place as said to the service, if its words make that likely."""
        short = len(self._analysis) <= LONGEST_TALK
        said = spoken(self._weights) if short and not self._tells() and not self._tells_anything() else ""
        if not said:
            return None
        kind, _, command = said.partition(":")
        topic = "other" if kind in {Kind.QUESTION, Kind.REMARK} else ""
        return self._make(Kind(kind), Confidence.GUESS, command=command, topic=topic)

    def _social(self) -> Reading | None:
        longer = self._asked.name == "category" and len(self._analysis) >= STORY_WORDS
        if self._chosen.option and (longer or self._asked.name == "now"):
            return None
        beside = (*LOOSE, "say.yes", "t.listen", "t.tell", "time.*", "digits")
        spare = 0 if self._free and len(self._analysis) > LONGEST_SOCIAL else self._spare()
        for mark, kind, topic in SOCIAL:
            if self._analysis.consists_of((mark,), beside, spare=spare) and not self._tells():
                if mark == "soc.ok" and (self._analysis.negates or any(map(self._is_phrase, WISHES))):
                    continue
                suggested = self._chosen.suggested or self._suggested_by_ok(mark)
                return self._make(kind, topic=topic, suggested=suggested)
        return None

    def _of_contact(self) -> Reading | None:
        """Read talk of messages, after the receipt, as a question or a suggestion: nobody is written to by a guess."""
        has = self._analysis.has
        if self._asked.name.lstrip("@") != "reach" or self._tells() or len(self._analysis) > LONGEST_TALK:
            return None
        if has("cmd.delete"):
            return None
        others = self._uncovered((*LOOSE, "k.*", "t.*", "say.*", "cmd.*", "opt.reach.*", "time.later"))
        if others > 1 or not has("k.contact", "k.became", "opt.reach.*", "cmd.forget"):
            return None
        if self._analysis.asks and not has("k.may"):
            topic = self._find_topic("question")
            return self._make(Kind.QUESTION, topic=topic.name if topic and topic.name != "status" else "other")
        refuses = self._analysis.negates or has("say.no", "opt.reach.no", "cmd.forget")
        return self._make(Kind.UNCLEAR, suggested="no" if refuses else "yes")

    def _unknown(self) -> Reading | None:
        beside = (*LOOSE, "t.refuse", "unit.*", "place.*", "police", "soc.sorry", "k.part")
        optional = any(option.id == "unknown" for option in self._asked.options)
        senses = ("say.unknown", "say.maybe") if optional else ("say.unknown",)
        spare = 0 if self._free and len(self._analysis) > LONGEST_SOCIAL else self._spare()
        unknown = self._analysis.consists_of(senses, beside, spare=spare)
        if not unknown or self._tells() or self._analysis.has("t.code", "t.leak"):
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
            if self._free and not self._is_phrase(f"cmd.{name}"):
                continue
            more = ("time.*", "t.report", "k.contact") if name in {"status", "forget"} else ()
            beside = (*_BESIDE_COMMANDS, *more)
            near = self._analysis.consists_of((f"cmd.{name}",), beside, spare=0 if self._free else self._spare())
            if near and self._analysis.asks and (name == "reply" or self._analysis.has("t.when")):
                continue  # "when will the answer come?"
            if near and name in IRREVERSIBLE and (self._analysis.asks or self._analysis.has("k.passive")):
                continue
            if near and name in IRREVERSIBLE:
                return self._make(Kind.UNCLEAR, suggested=f"@{name}")
            if near and not self._is_denied(name):
                return self._make(Kind.COMMAND, command=name)
        return None

    def _language(self) -> Reading | None:
        """Read the name of a language as the command `language`, with the language as its option."""
        for mark in self._analysis.found("lang.*"):
            beside = (*LOOSE, "cmd.language", "t.listen", "t.tell", "t.bot")
            if self._analysis.consists_of((mark.name,), beside, spare=self._spare()) and not self._doubts:
                return self._make(Kind.COMMAND, command="language", option=mark.name.partition(".")[2])
        return None

    @property
    def _doubts(self) -> bool:
        return self._analysis.negates or self._analysis.asks

    def _own_story(self) -> Reading | None:
        """Keep the words of a text that tells more than the option that it chooses, at a question with options."""
        if self._free or not self._is_story() or not self._tells():
            return None
        option = "" if self._acts(self._chosen.option) else self._chosen.option
        if danger := self._likely_danger():
            return danger
        if option:
            return self._make(Kind.OPTION, option=option, story=True)
        topic = self._find_topic("question", "refusal")
        if topic is not None and len(self._analysis) < STORY_WORDS * 2:
            return None
        return self._likely_story() or self._make(Kind.CONTENT, story=True, suggested=self._chosen.suggested)

    def _refused_sending(self) -> Reading | None:
        """Read "don't send" as a wish of its own, never as a wish to send."""
        if self._asked.asks == "review" and self._analysis.negates and self._analysis.has("cmd.send", "k.send"):
            return self._make(Kind.REFUSAL, topic="send")
        return None

    def _option(self) -> Reading | None:
        chosen = self._chosen
        if not chosen.option or self._acts(chosen.option):
            return None
        return self._make(Kind.OPTION, chosen.confidence, option=chosen.option)

    def _likely_question(self) -> Reading | None:
        """Read a text that asks the service something as a question, which chooses none of the options."""
        if self._free or not self._asked.options or self._tells():
            return None
        topic = self._find_topic("question")
        if topic is None or not self._analysis.asks:
            return None
        is_status = topic.name == "status"
        return self._make(Kind.COMMAND, command="status") if is_status else self._make(Kind.QUESTION, topic=topic.name)

    def _topic(self) -> Reading | None:
        if self._free and self._tells():
            return None
        topic = self._find_topic("wait", "question", "refusal", "remark")
        if topic and len(self._analysis) > LONGEST_WAIT and (topic.family == "wait" or topic.name == "rude"):
            return None
        if topic is None or (self._free and topic.family == "remark" and self._uncovered() > self._spare() + 1):
            return None
        if topic.name == "report" and (likelier := self._likely_story()):
            return likelier
        if topic.name == "status" and self._expects("status"):
            return self._make(Kind.COMMAND, command="status")
        return self._make(Kind(topic.family), topic=topic.name)

    def _yes_or_no(self) -> Reading | None:
        if self._analysis.consists_of(("say.no",), (*FILL, "soc.*", "neg")):
            return self._make(Kind.UNCLEAR if self._asked.options else Kind.REFUSAL)
        if self._analysis.consists_of(("say.yes", "say.right"), (*FILL, "soc.*")):
            return self._make(Kind.UNCLEAR)
        return None

    def _guess(self) -> Reading | None:
        """Guess the kind of a text without words of a crime or place: a question, wait, refusal or remark."""
        analysis = self._analysis
        if self._chosen.suggested or len(analysis) > LONGEST_TALK or self._tells_anything():
            return None
        mine = analysis.has("verb.mine", "t.mine")
        promises = mine and len(analysis) <= LONGEST_PROMISE
        if analysis.has("soc.wait") or (promises and not analysis.negates and not analysis.asks):
            return self._make(Kind.WAIT, Confidence.GUESS)
        how = analysis.has("ask.how") or self._is_phrase("cmd.help")
        if how and not analysis.has("t.safe", "t.leak", "t.when", "verb.yours"):
            return self._make(Kind.COMMAND, Confidence.GUESS, command="help")
        if self._asked.asks == "media" and analysis.negates:
            return self._make(Kind.REMARK, Confidence.GUESS, topic="no_evidence")
        if analysis.asks or analysis.has("verb.yours"):
            return self._make(Kind.QUESTION, Confidence.GUESS, topic="other") if len(analysis) > 1 else None
        if analysis.negates and (mine or analysis.has("who.me", "t.tell", "t.refuse")):
            return self._make(Kind.REFUSAL, Confidence.GUESS)
        return self._guess_social()

    def _guess_social(self) -> Reading | None:
        analysis = self._analysis
        for mark, kind, topic in SOCIAL:
            if analysis.has(mark) and len(analysis) <= LONGEST_SOCIAL:
                return self._make(kind, Confidence.GUESS, topic=topic)
        if analysis.has("t.report", "t.useless", "t.love", "t.listen", "d.afraid", "t.service", "t.safe"):
            return self._make(Kind.REMARK, Confidence.GUESS, topic="other")
        return None

    def _content(self) -> Reading | None:
        if self._free:
            only_fill = not self._uncovered(("fill", "pol", "who.*", "ask", "ask.sign", "neg", "neg.*", "cmd.done"))
            return self._make(Kind.UNCLEAR) if only_fill else self._spoken() or self._make(Kind.CONTENT, story=True)
        if self._chosen.suggested or not self._is_story():
            return None
        if self._analysis.asks and not self._tells_anything() and len(self._analysis) <= LONGEST_TOPIC:
            return self._make(Kind.QUESTION, Confidence.GUESS, topic="other")
        if likely := self._likely_story():
            return likely
        plain = self._asked.asks != "review" and not self._analysis.asks and not self._analysis.negates
        enough = STORY_REST if plain else STORY_WORDS
        return self._make(Kind.CONTENT, story=True) if self._tells() or self._uncovered() > enough else None
