"""What a text at a question tells besides an answer."""

from typing import Final

from satark.api.flow import Step
from satark.api.inbound import Text
from satark.dialogue.events.named_places import LONG
from satark.dialogue.session import GivenAnswer, Turn
from satark.dialogue.states.draft import DRAFT, go_on
from satark.dialogue.states.menus import LANGUAGE
from satark.dialogue.states.stories import accept_unsolicited, is_story, opening_in
from satark.dialogue.turn.context import TurnContext
from satark.dialogue.turn.summary import told_in
from satark_words.choosing import tells_crime
from satark_words.opening import category_of, moment_told
from satark_words.reading import Asked, Confidence, Kind, Reading
from satark_words.rules import FRAME
from satark_words.small_words import listed

TALK: Final = frozenset({Kind.REMARK, Kind.WAIT, Kind.THANKS, Kind.GREETING, Kind.REFUSAL, Kind.QUESTION})
STORY_WORDS: Final = 5
"""Number of words from which a text is stored, unless it is surely talk."""
_OF_A_DRAFT: Final = frozenset({"edit", "back", "skip", "done", "repeat", "elsewhere"})
"""Commands that have no meaning before a tip is begun."""
LEFT_OVER: Final = 3
"""Number of words without a meaning for the service. Talk with this many or more also tells something."""
_OF_A_PHONE: Final = 10
"""Number of digits from which a text tells a telephone's, an account's or a vehicle's number."""
FIRST_WORDS: Final = 2
"""Number of words from which a message counts as the beginning of a tip, whatever it tells."""
_ROLES: Final = ("id.role", "p.superior")
"""Marks of persons who do a deed. The headman's house is a place, though."""
_HOW_OFTEN: Final = "how_often"
"""Id of the step that asks how often something happens. It needs a name since its `means` is empty."""
_FORBIDS: Final = ("neg.dont", "said.reach.no", "opt.reach.no", "opt.origin.no")
_TELLS: Final = ("k.contact", "k.part")
_ONWARD: Final = listed("onward")
_ANSWERED: Final = frozenset({*TALK, Kind.UNCLEAR, Kind.COMMAND})
"""Kinds of texts that get a reply and are stored nowhere."""


class Telling:
    """A text, how it is read, and what it tells."""

    __slots__ = ("asked", "context", "event", "reading")

    def __init__(self, context: TurnContext, event: Text, asked: Asked, reading: Reading) -> None:
        self.context = context
        self.event = event
        self.asked = asked
        self.reading = reading

    def is_answered(self, *, again: bool) -> bool:
        """Whether the words only talk to the service and tell nothing that must be kept."""
        more = again or self.tells_number() or self.tells_of_crime() or self.names_police()
        return self.reading.kind in TALK and self.reading.talk == "likely" and not more

    def is_talk(self) -> bool:
        """Whether the words probably only talk to the service. If so, none are kept without asking once."""
        session = self.context.session
        waits = self.context.analysis(self.event.body).has("soc.wait")
        may_be = self.tells_number() or (not session.submitted and (bool(self.asked.options) or waits))
        is_probable = self.reading.talk == "likely" or bool(self.reading.talk and may_be)
        return is_probable and not (self.in_danger or session.mailbox)

    @property
    def in_danger(self) -> bool:
        """Whether the words tell surely of a danger."""
        return any(danger.sure for danger in self.reading.dangers)

    def is_held(self) -> bool:
        """Whether the same words are held already."""
        return any(words == self.event.body.strip() for _, words in self.context.session.held)

    def tells_number(self) -> bool:
        """Whether the text is no certain answer or lone digit, and has a number in it."""
        is_sure = self.reading.confidence is Confidence.CERTAIN or not self.event.body.strip()[1:]
        return not is_sure and self.context.analysis(self.event.body).has("digits")

    def suggests(self) -> bool:
        """Whether the reading names an answer that the tipster may have meant."""
        code = self.reading.suggested
        return bool(code) and not code.startswith("@") and not self.acts(code)

    def acts(self, code: str) -> bool:
        """Whether the option with this code sends or erases."""
        return any(option.acts for option in self.asked.options if option.id == code)

    def label(self, code: str) -> str:
        """Return how an option, or a command with `@`, is named to the tipster."""
        if code.startswith("@"):
            return self.context.text(f"command.{code[1:]}")
        return next((option.label.removeprefix("✓ ") for option in self.asked.options if option.id == code), "")

    def tells_first(self) -> bool:
        """Whether a text begins a tip, however short: it is not surely talk, a command or an answer."""
        context, reading = self.context, self.reading
        untold = context.state is LANGUAGE and not (context.session.submitted or context.session.mailbox)
        untold = untold or (context.state is DRAFT and context.loaded.opening_step not in context.session.answers)
        is_sure = reading.confidence > Confidence.GUESS or bool(reading.suggested or reading.option)
        category = opening_in(context, self.event.body).category
        is_sure = is_sure or (reading.negated and not (category or self.counts(LEFT_OVER, FIRST_WORDS, "@in-talk")))
        if not untold or is_sure or self.asked.asks != "choice":
            return False
        told, words = self._words()
        is_named = bool(category) or context.analysis(self.event.body).has("cat.*", "strong.*")
        return is_named or (told > 0 and words >= FIRST_WORDS)

    def tells(self) -> bool:
        """Whether a text tells something that must be kept, and is no exact command, label or code.

        It tells of a crime, or it is long and has words that mean nothing to the service. Questions are only answered.
        """
        reading, state = self.reading, self.context.session.state
        if state == "@reach" and reading.suggested and not reading.suggested.startswith("@"):
            return False
        is_first = self.context.state is LANGUAGE and reading.command in _OF_A_DRAFT
        has_number = sum(map(str.isdigit, self.event.body)) >= _OF_A_PHONE
        if is_first or has_number or self.tells_of_crime() or self.names_police():
            return self.counts(STORY_WORDS, 1)
        if reading.confidence is Confidence.CERTAIN or (reading.kind is Kind.QUESTION and reading.asks):
            return False
        return self.counts(LONG, LEFT_OVER if reading.kind in TALK else 1 + (reading.kind is Kind.UNCLEAR))

    def is_first_left_over(self, *, answered: bool) -> bool:
        """Whether words before a tip is begun are not wholly a greeting, a command or talk to the service.

        `answered`: they seem to be talk. One word that is neither of the service nor of talk counts all the same.
        """
        session = self.context.session
        begins = self.context.state is LANGUAGE and not (session.language or session.submitted or session.mailbox)
        tells = (
            (not self.reading.asks and self.counts(FIRST_WORDS, 1, "@in-talk")) if answered else self.tells_of_itself()
        )
        return begins and not (self.reading.negated or self.is_held()) and tells

    def tells_of_itself(self) -> bool:
        """Whether a word of the text is surely none of the service's own, as no name is."""
        told = self.context.analysis(self.event.body)
        words = {at for at, token in enumerate(told.tokens) if token.text[0].isalpha()}
        return bool(words - told.covered(("@no-crime",), FRAME))

    def tells_beside_answer(self) -> bool:
        """Whether a text has words or numbers that no answer consists of, or names police."""
        is_telling = self.context.analysis(self.event.body).has("digits", "person.police", "unit.*")
        return self.counts(FIRST_WORDS, 0 if is_telling else 1, "@in-answers")

    def names_police(self) -> bool:
        """Whether talk that asks nothing names police whom the tip must not reach."""
        is_talk = self.reading.kind in TALK and self.reading.kind is not Kind.QUESTION
        return is_talk and self.context.analysis(self.event.body).has_outside(
            ("person.police", "unit.*"), ("to.police",)
        )

    def surely_belongs(self) -> bool:
        """Whether the words surely belong to the tip: they tell of a crime or a danger, accuse, or are said again."""
        told = self.context.analysis(self.event.body)
        is_sure = "category" not in opening_in(self.context, self.event.body).doubts
        tells = is_sure or tells_crime(told) or told.has("person.police", "unit.*") or self.accuses(unsure=True)
        tells = tells or bool(self.reading.dangers) or self.tells_of_others()
        return self.in_danger or self.is_held() or (tells and not (told.asks or self.reading.talk))

    def tells_of_others(self) -> bool:
        """Whether a text that is no talk tells what others do: it names neither the service nor its sender."""
        told, is_content = self.context.analysis(self.event.body), self.reading.kind is Kind.CONTENT
        return is_content and told.has("who.they") and not (told.negates or told.has("who.me", "who.you"))

    def begins(self) -> bool:
        """Whether the words of a first message begin a tip: they belong to one, name a place, or tell of something."""
        told = self.context.analysis(self.event.body)
        is_sure = "category" not in opening_in(self.context, self.event.body).doubts
        asks = told.asks and not (is_sure or told.has("person.police", "unit.*"))
        if (asks or self.reading.talk) and not self.in_danger:
            return False
        tells = category_of(told) or (len(told) > LEFT_OVER and told.has("w.*", "who.child", "who.woman", "who.they"))
        tells = tells or len(told.unknown) >= LEFT_OVER  # names, or a language that is not known
        return bool(tells) or self.surely_belongs() or bool(self.context.places_told(self.event.body))

    def may_say_nothing(self) -> bool:
        """Whether the words may ask or refuse, though they may as well be the detail that is asked for."""
        told = self.context.analysis(self.event.body)
        if self.asked.asks != "text" or self.asked.opening or self.is_held():
            return False
        is_short = len(told) <= STORY_WORDS and not told.unknown
        return told.asks or self.reading.talk == "likely" or (told.negates and (is_short or told.has("say.unknown")))

    def may_go_on(self) -> bool:
        """Whether words that leave the question for files may ask, wait, or take back a file instead."""
        told = self.context.analysis(self.event.body)
        unsure = self.reading.confidence is Confidence.GUESS and self.reading.kind is Kind.REMARK
        return unsure or told.asks or told.has("soc.wait", "time.later", "k.mistake", "k.out", "cmd.delete", "neg.but")

    def forbids(self) -> bool:
        """Whether a text forbids to write, tell or send something, and does not just report such a ban or a fact."""
        analysis, reading = self.context.analysis(self.event.body), self.reading
        by_others = {mark.end for mark in analysis.found("aux.subject")}
        verbs = {mark.start for mark in analysis.found(*_TELLS)}
        forbidden = any(mark.start not in by_others for mark in analysis.found(*_FORBIDS))
        not_to = any(analysis.tokens[at - 1].text in {"na", "न", "ना"} for at in verbs - {0})
        is_meant = reading.kind is Kind.REFUSAL or reading.talk == "likely" or bool(verbs)
        return (forbidden or not_to) and is_meant and not analysis.has("d.say", "d.threat")

    def is_final(self) -> bool:
        """Whether the question is the last one before the tip is sent."""
        return self.asked.asks == "review" or self.context.session.state == "@identity"

    def may_add(self) -> bool:
        """Whether a text may add to the story: at the last question, after sending, or if it answers no question."""
        reading, told = self.reading, self.context.loaded.opening_step in self.context.session.answers
        is_unclear = reading.kind is Kind.UNCLEAR and not reading.negated and not self.suggests()
        is_sure = reading.topic not in {"", "other", "listen"} or self.context.analysis(self.event.body).has(
            "verb.mine"
        )
        is_remark = reading.kind in {Kind.REMARK, Kind.WAIT} and self.counts(STORY_WORDS) and not is_sure
        is_sent = self.context.session.submitted and reading.kind in TALK
        return self.is_final() or is_sent or is_remark or (is_unclear and told and self.context.state is DRAFT)

    def tells_news(self) -> bool:
        """Whether a text, however short, tells what the tip lacks and says nothing of sending it."""
        body, told = self.event.body, self.context.analysis(self.event.body)
        sends = told.has("cmd.send", "k.send") or (told.has("verb.mine") and told.has("k.contact"))
        if (
            sends
            or self.reading.command == "language"
            or self.reading.kind is Kind.QUESTION
            or "?" in body
            or not body.strip()[2:]
        ):
            return False
        words, plain = set(range(len(told))), told.covered(("fill", "pol", "who.me", "who.you", "ask.sign"))
        changes = told.has("cmd.edit", "k.change", "k.mistake", "neg.wrong")
        names = told.covered(("@news",) if changes else ("@news", "@things")) - plain
        news = (words - told.covered(("@in-answers",))) | names | told.covered(("digits",))
        tells = news or not (told.has("@says") or words <= plain)
        return bool(tells) and told_in(self.context, set(told.sounds)) != {*told.sounds}

    def tells_plainly(self) -> bool:
        """Whether a text surely tells of a person, a thing or a place, and not only of the conversation."""
        told = self.context.analysis(self.event.body)
        names = told.has("@plain") or told.has_outside(("who.they",), ("k.whole",))
        return bool(names or tells_crime(told) or self.in_danger or self.context.places_told(self.event.body))

    def tells_deed(self) -> bool:
        """Whether a text at the question for the place tells what somebody does, and names or describes no place.

        A second such text counts as the place.
        """
        context, told = self.context, self.context.analysis(self.event.body)
        theirs = {mark.end for mark in told.found("id.their", "who.they")}  # "uske paas" is with him, not near him
        near = any(theirs.isdisjoint((mark.start, mark.start + 1)) for mark in told.found("place.near", "k.mistake"))
        if self.asked.asks != "place" or near or context.places_told(self.event.body):
            return False
        ends = any(mark.end == len(told) for mark in told.found("place.*", "id.home", "id.lane", "id.work-place"))
        does = (
            opening_in(context, self.event.body).category
            or told.has_outside(("@does",), _ROLES)
            or (told.has(*_ROLES) and not ends)
        )
        is_deed = does and self.counts(FIRST_WORDS if told.has_outside(("who.they",), _ROLES) else STORY_WORDS)
        context.change(replied="told a deed" if is_deed else context.session.replied)
        return bool(is_deed) and context.replied != "told a deed"

    def takes_back(self) -> bool:
        """Whether a short text only wishes to have something erased or taken out."""
        told = self.context.analysis(self.event.body)
        tells = told.asks or told.has("who.they") or self.tells_of_crime() or self.counts(LONG)
        return told.has("cmd.delete", "cmd.clear", "cmd.cancel", "cmd.back", "k.out") and not tells

    def speaks_of_sending(self) -> bool:
        """Whether a text at the review only says if or how to send the tip: it tells of no crime."""
        told = self.context.analysis(self.event.body)
        wishes = told.has("cmd.send", "k.send", "cmd.edit", "k.change", "k.out", "k.mistake")
        return self.asked.asks == "review" and wishes and not (self.in_danger or tells_crime(told))

    def tells_when(self) -> bool:
        """Whether the text tells a time at the question "now?". A plain "yes" or "no" would lose the time."""
        told = self.context.analysis(self.event.body)
        times = ("time.clock", "time.later", "time.past", "time.today", "time.coming", "time.often")
        return self.asked.name == "now" and told.has(*times)

    def agrees(self) -> bool:
        """Whether the text only agrees, at the review. The reply then says which words send the tip."""
        told = self.context.analysis(self.event.body)
        onward = self.goes_on() or not told.has("cmd.skip")
        only = told.consists_of(("@agrees",), ("fill", "pol", "k.may", "who.you"))
        return self.asked.asks == "review" and onward and only and not (told.negates or told.asks)

    def goes_on(self) -> bool:
        """Whether the text says "go on". That agrees where "leave it" refuses."""
        told = self.context.analysis(self.event.body)
        return bool(_ONWARD & {*told.normal.split()}) and told.consists_of(("cmd.skip",), ("fill", "pol"))

    def accuses(self, *, unsure: bool = False) -> bool:
        """Whether this text surely accuses police. A doubtful text counts if the session told of that already."""
        session, source = self.context.session, self.context.source
        return any(one.source == source and (unsure or one.is_sure) for one in session.accused)

    def tells_of_crime(self) -> bool:
        """Whether a text has sure marks of a crime, or tells of a danger though it is read as something else."""
        sure = tells_crime(self.context.analysis(self.event.body))
        return (sure or (bool(self.reading.dangers) and self.reading.kind not in TALK)) and self.counts(STORY_WORDS)

    def was_answered_so(self) -> bool:
        """Whether a text of several words would get the same reply as the message before it at this question."""
        context, reading = self.context, self.reading
        certain = reading.confidence is Confidence.CERTAIN or reading.command == "repeat"
        refuses = reading.kind is Kind.REFUSAL and context.analysis(self.event.body).has("cmd.send")
        if reading.kind not in _ANSWERED or (reading.kind is Kind.COMMAND and certain) or refuses:
            return False
        reply = f"{context.session.step} {reading.kind} {reading.topic}{reading.command}"
        again = reply == context.replied and is_story(self.event.body)
        context.change(replied="" if again else reply)
        return again

    def counts(self, least: int, left: int = 0, known: str = "@no-crime") -> bool:
        told, words = self._words(known)
        return words >= least and told >= left

    def tells_more(self) -> bool:
        """Whether a text that names a category also tells of a crime, before the story was asked for."""
        told, words = self._words()
        is_open = self.context.loaded.opening_step not in self.context.session.answers
        return is_open and told >= FIRST_WORDS and words > FIRST_WORDS

    def _words(self, known: str = "@no-crime") -> tuple[int, int]:
        """Count the words that may tell of a crime, and all words."""
        analysis = self.context.analysis(self.event.body)
        words = {index for index, token in enumerate(analysis.tokens) if token.text[0].isalpha()}
        return len(words - analysis.covered((known,))), len(words)


def keep_time(words: Telling) -> Turn | None:
    """Keep a time as the day of what was or will be, or as how often it is; None: none is told or asked for.

    Of a day that may be either, as "kal" is tomorrow and yesterday, it is asked again whether it was or will be.
    """
    context, reading, step = words.context, words.reading, words.context.step
    told = context.analysis(words.event.body)
    dated = {one.start for one in told.found("time.past", "time.later")}  # "do din pahle" is no habit
    since = {at for one in told.found("d.since") if one.end not in dated for at in range(one.start, one.end)}
    habit, now = told.covered(("time.often",)) | since, told.covered(("opt.when.now",))
    times = told.covered(("time.*", "d.since", "digits")) - told.covered(("opt.when.was",))
    is_said = told.asks or reading.kind in TALK - {Kind.WAIT}
    left = now <= told.covered(("time.now",)) and told.has("opt.when.was") and not told.has("verb.ongoing")
    is_now = now - habit and not left  # "abhi abhi nikle" is over
    if words.asked.name != "when" or step is None or is_said or not times | now or is_now:
        return None
    moment = moment_told(told)
    later = since or told.has("verb.future", "time.coming", "opt.when.coming")
    if moment and ((moment == "past" and later) or told.negates):
        return None  # it was and goes on, will be again, or is denied
    is_over = moment == "past" and told.has("opt.when.was")
    _answer_when(words, step, "often" if habit and not is_over else moment)
    return go_on(context)


def _answer_when(words: Telling, when: Step, moment: str) -> None:
    """Answer with the moment. The words answer the next step if it asks for the day, or how often a habit occurs.

    Without a moment, keep the words for the day and ask again.
    """
    context, event = words.context, words.event
    after = context.loaded.steps[context.loaded.steps.index(when) + 1]
    step = after if moment != "often" and after.type.name == "text" else context.loaded.flow.by_id.get(_HOW_OFTEN)
    if moment == "often":
        context.set_answer(when.id, None)
        picked = (one for one in (*context.session.picked_details, step and step.id) if one and one != when.id)
        context.change(picked_details=tuple(dict.fromkeys(picked)))
    elif moment:
        context.set_answer(when.id, GivenAnswer(moment, context.source))
    else:
        context.say("not_understood")
    if step is None:
        accept_unsolicited(context, event)
    else:
        context.add_part(step.id, event.body.strip())
