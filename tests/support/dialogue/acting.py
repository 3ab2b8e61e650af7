"""Conversations at each question with an irreversible answer, the effect of a turn there, and a list of own words.

The words are listed apart from the catalogues, so that an error in a catalogue or the engine is detected.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from typing import Final

import msgspec

from satark.dialogue.engine import Engine
from satark.dialogue.session import Session, Turn
from satark_testing.dialogue.chat import Chat
from satark_words.tokens import fold

MEDIA: Final = ("whatsapp", "telegram", "sms", "voice", "web_form")
UP_TO_EVIDENCE: Final = ("Hi", "English", "Illegal mining", "remind", "They dig sand every night", "Lanka", "no")
_JOINED: Final = re.compile(
    "[\u0900-\u097f\u200b-\u200d\ufe0f\U0001f3fb-\U0001f3ff]|(?<=[a-z])[-'](?=[a-z])|(?<=[0-9])[)]"
)
"""Devanagari with its signs, what is not seen, colours of a hand, and what joins or closes a word or a number."""
_OF_ONESELF: Final = ("Hi", "English", "Illegal mining", "My name is Ramesh Yadav and they dig sand", "Lanka", "no")


def review(engine: Engine, channel: str) -> Chat:
    """Stand at the review, with a photo."""
    return Chat(engine, channel).say(*UP_TO_EVIDENCE).send().say("done")


def _reach(engine: Engine, channel: str) -> Chat:
    talk = review(engine, channel)
    assert talk.session is not None
    talk.session = msgspec.structs.replace(talk.session, erasable=channel == "telegram")
    return talk.tap("send")


def _origin(engine: Engine, channel: str) -> Chat:
    talk = Chat(engine, channel).say(*UP_TO_EVIDENCE).send()
    assert talk.session is not None
    talk.session = msgspec.structs.replace(talk.session, files_with_origin=("1",))
    return talk.say("done")


def _unsent(engine: Engine, channel: str) -> Chat:
    talk = review(engine, channel)
    assert talk.session is not None
    asked = engine.ask_unsent(talk.session)
    assert asked is not None
    talk.session = asked[0]
    return talk


QUESTIONS: Final[dict[str, Callable[[Engine, str], Chat]]] = {
    "review": review,
    "@reach": _reach,
    "@cancel": lambda engine, channel: review(engine, channel).say("cancel"),
    "@restart": lambda engine, channel: review(engine, channel).say("restart"),
    "@identity": lambda engine, channel: Chat(engine, channel).say(*_OF_ONESELF, "skip"),
    "@origin": _origin,
    "evidence": lambda engine, channel: Chat(engine, channel).say(*UP_TO_EVIDENCE).send(),
    "@unsent": _unsent,
}
"""Question → a conversation that stands at it."""


def acted(before: Session, turn: Turn) -> list[str]:
    """List what a turn did that can't be undone."""
    after = turn.session
    tells_anew = before.state == "edit:what"  # they chose to, and the new words replace the old ones
    told = str(before.answers["what"].value) if "what" in before.answers and not tells_anew else ""
    signs = {
        "sent": turn.submission is not None,
        "erased": turn.erase or bool(turn.dropped_files) or turn.delete_messages,
        "lost": after is None and before.has_draft and not before.submitted,
        "forgot or kept the contact": turn.reach is not None,
        "disclosed": after is not None and after.origin_disclosed != before.origin_disclosed,
        "left words in": after is not None and set(after.identity_decided) > set(before.identity_decided),
        "took words out": bool(told) and after is not None and not _still_told(after, told),
    }
    return [name for name, holds in signs.items() if holds]


def _still_told(session: Session, told: str) -> bool:
    return session.submitted or ("what" in session.answers and told in str(session.answers["what"].value))


_FORGET: Final = (
    "मुझे भूल जाओ, मुझे भूल जाएँ, mujhe bhul jao, forget me, नंबर मिटाएँ, "
    "नंबर मिटाओ, नंबर मिटा दो, मेरा नंबर मिटाओ, मेरा नंबर मिटा दो, number mitao, number mita do, mera number mita do, "
    "erase my number, erase number, delete my number"
)
_DELETE: Final = (
    "erase, मिटाएँ, हटाएँ, मिटा दो, मिटा दें, मिटाओ, हटाओ, mita do, mitao, hatao, mitaye, delete, delete draft, delete it, "
    "erase it"
)
_CANCEL: Final = "रद्द करें, रद्द, कैंसिल, बंद करो, radd, radd karo, cancil, band karo, cancel, stop, quit"
_OWN: Final[dict[str, str]] = {
    "review": "1, हाँ भेज दें, भेज दें, भेजें, भेजो, भेज दो, भेज दीजिए, हाँ भेज दो, हाँ भेजो, bheje, bhejo, bhej do, "
    "bhej dijiye, haan bhejo, haan bhej do, send karo, send kar do, submit karo, haan bhejein, yes send, send, "
    "send it, send now, yes send it, please send, submit, submit it, भेजिए, bhejiye, भेज दीं, भेज दा",
    "@cancel": "2, हाँ मिटा दें, मिटाएँ, मिटा दें, मिटा दो, मिटाओ, हाँ मिटा दो, mita do, mitao, haan mita do, "
    "delete karo, haan mita dein, yes erase it, erase, erase it, delete, delete it, yes erase",
    "@restart": "3, हाँ नई शुरू करें, नई सूचना, नई शुरू करें, nayi suchna, nayi shuru karo, haan nai shuru karein, "
    "yes start over, new, start over",
    "@reach": "1, 2, नहीं नंबर मिटा दें, नंबर मिटा दें, नंबर मिटा दो, नंबर मिटाओ, number mita do, number mitao, "
    "nahi number mita do, nahi number mita dein, no erase my number, erase my contact, "
    "हाँ संदेश भेजें, हाँ भेजें, संदेश भेजें, संदेश भेजो, ख़बर दें, sandesh bhejo, message karo, "
    "khabar do, haan sandesh bhejein, yes message me, message me, contact me, 3, नहीं संदेश मिटाएँ, "
    f"भूल जाओ, भूल जाएँ, bhul jao, bhool jao, forget, no erase messages, {_DELETE}, {_CANCEL}, मिटाएँ, delete",
    "@origin": "2, हाँ बता दें, बता दें, बता दो, bata do, haan bata do, haan bata dein, yes they may, they may",
    "@identity": "1, मिटाकर भेजें, मिटाकर भेजो, मिटाकर भेज दें, mitakar bhejo, mita ke bhejo, mitakar bhej do, "
    "mita kar bhejo, mitakar bhejein, हटाकर भेजें, hatakar bhejo, erase and send, erase them and send, "
    "erase them and send it, remove and send, send without them, "
    "2, इनके साथ भेजें, इनके साथ भेजो, इनके साथ भेज दो, इन शब्दों के साथ भेजो, ऐसे ही भेजो, ऐसे ही भेज दो, वैसे ही भेज दो, "
    "inke saath bhejo, inke sath bhejo, inke saath bhej do, aise hi bhejo, aise hi bhej do, waise hi bhej do, "
    "inke saath bhejein, send with them, send with these words, send as it is, send it as it is, "
    "erase these words, remove these words, ये शब्द मिटा दो, ये शब्द रहने दें, शब्द रहने दें, शब्द रहने दो, "
    "shabd rehne do, ye shabd rehne do, shabd rehne dein, leave these words in, leave them in, keep them, "
    "keep these words, erase them, remove them, take them out, इन्हें मिटा दो, इन्हें मिटा दें, inhe mitao, inhe mita do, "
    "inhe hata do, ye shabd mita do",
    "evidence": f"फ़ाइलें मिटाएँ, files mitao, erase files, erase the files, delete files, delete the files, {_DELETE}",
}
OWN_WORDS: Final = {
    question: frozenset(fold(word) for word in f"{words}, {_FORGET}".split(", ")) for question, words in _OWN.items()
}
"""Question → the folded words that act there."""
ANYWHERE: Final = frozenset(fold(word) for word in _FORGET.split(", "))
"""The folded words that act at any question."""


_BESIDE: Final = frozenset(" .,;!।👍👌🙏✅🙂😊")
"""Signs that may stand beside an own word. `fold` drops more than these, so its result proves no consent."""


_AGREEING: Final = (
    "haan, han, हाँ, हं, ji, जी, ab, अब, abhi, अभी, jaldi, जल्दी, bilkul, बिल्कुल, kripya, कृपया, bhai, भाई, bhaiya, भैया, "
    "sir, सर, theek hai, thik hai, theek h, thik h, ठीक है, ठीक बा, thik ba, sahi hai, sahi h, सही है, sab theek hai, "
    "sab sahi hai, सब ठीक है, सब सही है, bilkul sahi hai, बिल्कुल सही है, yes, ok, okay, all right, alright, fine, please, "
    "plz, pls, now, right now, this, this tip, the tip, my tip, that is correct, thats correct, it is correct, "
    "its correct, all correct, that is right, thats right, go ahead and"
)
"""Words that leave the word to send as it is. Every other word beside it leaves a doubt."""


def consents(question: str, text: str) -> bool:
    """Return whether a text is an own word of an act that a question may carry out."""
    is_alone = all(char in _BESIDE or char.isalnum() or unicodedata.combining(char) for char in _JOINED.sub("", text))
    own, said = OWN_WORDS.get(question, ANYWHERE), fold(text)
    if question == "review" and said not in own and not any(map(str.isdigit, said)):
        agreed = "|".join(map(re.escape, sorted(map(fold, _AGREEING.split(", ")), key=len, reverse=True)))
        said = " ".join(re.sub(rf"(?<!\S)(?:{agreed})(?!\S)", " ", said).split())
    return is_alone and said in own
