"""Conversations at each question with an irreversible answer, the effect of a turn there, and a list of own words.

The words are listed apart from the catalogues, so that an error in a catalogue or the engine is detected.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from itertools import product
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
    "haan/han/ha/haa/haanji/hanji/हाँ/हां/हं/हाँजी, ji/jee/जी, "
    "yes/yeah/yep/yup/sure/ok/okay/fine/alright/all_right, ab/अब, abhi/अभी, "
    "jaldi/jaldi_se/जल्दी/जल्दी_से/turant/तुरंत/fatafat/फटाफट, bilkul/बिल्कुल, kripya/kripaya/कृपया, "
    "zaroor/zarur/jarur/ज़रूर, bhai/bhaiya/bhaiyya/bhaia/भाई/भइया/भैया/yaar/yar/यार, "
    "beta/बेटा/babu/बाबू/didi/दीदी/sahab/saheb/sahib/साहब/साहेब, sir/sirji/madam/सर/मैडम, "
    "accha/achha/acha/अच्छा/chalo/chaliye/चलो/चलिए/bas/बस/arre/are/अरे, please/plz/pls/kindly, "
    "now/right_now/at_once/right_away/immediately, "
    "thanks/thank_you/dhanyavad/dhanyawad/धन्यवाद/shukriya/शुक्रिया, ise/isko/ye/yeh/इसे/इसको/यह/ये, "
    "sab/sab_kuch/सब/सब_कुछ/poora/pura/पूरा, meri/मेरी/ye/yeh/यह/- suchna/soochna/सूचना/report/रिपोर्ट, this, "
    "this/the/my tip/report/complaint, aap/ap/आप, aage/आगे, police_ko/पुलिस_को/to_the_police, go_ahead_and, "
    "you_can/you_may, -/sab/sab_kuch/ye_sab/yeh_sab/ye/yeh/pura/poora -/bilkul/ekdam/ek_dam "
    "sahi/sahee/theek/thik/thike/barabar/correct hai/h/he/hain/ba, -/सब/सब_कुछ/ये_सब/यह_सब/ये/यह/पूरा "
    "-/बिल्कुल/एकदम सही/ठीक/ठीके/बराबर है/हैं/बा/बाटे, -/sab/sab_kuch/ye_sab/ye/pura/poora -/bilkul/ekdam "
    "sahi/theek/thik/sahi_sahi/barabar likha/likha_hua/likhal/darj hai/h/he/ba, -/सब/सब_कुछ/ये_सब/ये/पूरा "
    "-/बिल्कुल/एकदम सही/ठीक/बराबर लिखा/लिखा_हुआ/लिखल/दर्ज है/बा, sab/bilkul/ekdam sahi/theek/thik, "
    "सब/बिल्कुल/एकदम सही/ठीक, it/it_all/that/this/everything/all/all_of_it is/looks -/all/quite/perfectly "
    "correct/right/accurate/fine/good/ok/okay/true, thats/its/all/everything -/all/quite/perfectly "
    "correct/right/accurate/fine/good/ok/okay/true, i/ive/i_have -/just checked -/it/it_all/everything, "
    "i/ive/i_have -/just read it/it_all/everything, -/maine padh/dekh/check_kar liya -/hai/h, -/मैंने "
    "पढ़/देख/चेक_कर लिया -/है, nothing -/else/more to_change/to_add, thats/that_is all, kuch/kuchh -/bhi "
    "badalna/jodna nahi/nahin/nhi hai/h, kuch/kuchh nahi/nahin/nhi badalna/jodna -/hai/h, कुछ -/भी बदलना/जोड़ना "
    "नहीं है, कुछ नहीं बदलना/जोड़ना -/है, jo_hoga dekha_jayega/dekha_jaega/dekh_lenge/dekhenge/so_hoga, जो_होगा "
    "देखा_जाएगा/देखा_जायेगा/देख_लेंगे/देखेंगे/सो_होगा, come_what_may, i/ive/i_have decided, -/maine soch liya "
    "-/hai/h, -/मैंने सोच लिया -/है, -/ab dar/darna kya/kaisa, -/अब डर/डरना क्या/कैसा"
)
"""Phrases that leave the word to send as it is. Every other word beside it leaves a doubt.

"/" parts the words of which one stands there, "_" joins words, "-" is none. The list is written twice on purpose: an
entry of `small_words.yaml` that is not decided here too fails the laws of consent.
"""
_BEFORE: Final = (
    "no change/changes -/needed, dar/darr -/to lag raha/rha hai/h par/lekin/magar/phir_bhi/fir_bhi "
    "-/phir_bhi/fir_bhi, dar/darr -/to lagta hai/h par/lekin/magar/phir_bhi/fir_bhi, डर -/तो लग रहा है "
    "पर/लेकिन/मगर/फिर_भी -/फिर_भी, डर -/तो लगता है पर/लेकिन/मगर/फिर_भी, im/i_am -/a_bit/very/little "
    "afraid/scared/nervous/worried but -/still"
)
"""Phrases that may stand before the word to send alone."""
_SENDING: Final = (
    "bhej/bhj/bej/भेज -/hi/bhi/ही/भी "
    "do/doo/de/da/dein/den/dijiye/dijie/dijye/dijeye/dihin/दो/दे/द/दऽ/दा/दें/दीं/दीजिए/दीजिये/दिजिए/दिजिये, "
    "bhejdo/bhejde/bhejden/bhejdijiye/bhejo/bhejiye/bhejie/bhejein/bhejen/भेजो/भेजिए/भेजिये/भेजें, "
    "send/snd/submit/sabmit/सेंड/सबमिट/forward/jama/जमा/preshit/प्रेषित kar/kr/कर "
    "do/de/dein/den/dijiye/dijie/दो/दे/दें/दीजिए/दीजिये, "
    "send/snd/submit/sabmit/सेंड/सबमिट/forward/jama/जमा/preshit/प्रेषित "
    "karo/kro/kardo/krdo/karein/karen/kijiye/करो/करें/कीजिए/कीजिये, send/submit -/it/off/it_off, forward it, "
    "pathai/patha/पठाई/पठा da/do/द/दा/दो/दीं"
)
"""The word to send, as it is typed."""
_SWAPPED: Final = ("sned", "sedn", "sbumit", "sumbit", "subimt", "submti", "behjo", "bhjeo", "bheoj")
"""The word to send with two letters swapped."""


def _said(phrases: str) -> set[str]:
    """Return the folded texts that phrases stand for."""
    places = ([one.split("/") for one in phrase.split()] for phrase in phrases.split(", "))
    told = (
        " ".join(one.replace("_", " ") for one in words if one != "-") for each in places for words in product(*each)
    )
    return {fold(one) for one in told}


_SAYS: Final = {
    "agree": _said(_AGREEING),
    "before": _said(_BEFORE),
    "send": {*_said(_SENDING), *_SWAPPED, *OWN_WORDS["review"]},
}


def _sends(words: tuple[str, ...], *, begun: bool = False) -> bool:
    """Return whether words are phrases that agree, and the word to send. `begun`: that word stood before."""
    kinds = ("agree", "send") if begun else ("agree", "before", "send")
    heads = [(kind, at) for kind in kinds for at in range(1, len(words) + 1) if " ".join(words[:at]) in _SAYS[kind]]
    return (begun and not words) or any(_sends(words[at:], begun=begun or kind == "send") for kind, at in heads)


def consents(question: str, text: str) -> bool:
    """Return whether a text is an own word of an act that a question may carry out."""
    is_alone = all(char in _BESIDE or char.isalnum() or unicodedata.combining(char) for char in _JOINED.sub("", text))
    own, said = OWN_WORDS.get(question, ANYWHERE), fold(text)
    sends = question == "review" and not any(map(str.isdigit, said)) and _sends(tuple(said.split()))
    return is_alone and (sends or said in own)
