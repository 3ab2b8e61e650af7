"""A whole tip told at once needs three messages: the tip, at most one answer, and the word to send it."""

from __future__ import annotations

from typing import Final

import pytest

from satark.api.inbound import MediaKind
from satark.api.tip import Accused
from satark.dialogue.engine import Engine
from satark.dialogue.rendering.fit import fit
from satark_testing.dialogue.chat import Chat
from satark_whatsapp.rendering import CAPABILITIES
from satark_words.geography.geography import ELSEWHERE
from support.loops import every_row

TIPS: Final = (
    ("Illegal liquor is sold behind Sigra stadium every evening from a white Omni van", "INTOX"),
    ("चेतगंज में पान की दुकान पर रोज़ गांजा बिकता है, दुकानदार का नाम राजू है", "INTOX"),
    ("lanka chauraha ke paas chai ki dukan pe roz sham ko smack bikta hai", "INTOX"),
    ("मुगलसराय स्टेशन के बाहर रात में हेरोइन की पुड़िया बेची जाती है", "INTOX"),
    ("dhaurahara gaon ke pokhare pe juaa hota hai har shaam, paanch chhah log baithte hain", "GAMBL"),
    ("Gambling goes on in a house in Shahganj near the railway crossing, daily till late night", "GAMBL"),
    ("ईंट भट्ठे के पीछे जुआ होता है, हर इतवार को, जगह जौनपुर के मुरादगंज में", "GAMBL"),
    ("ganga kinare ramnagar me raat ko JCB se balu nikalte hain, 10-12 tractor lagte hain", "MINE"),
    ("नदी किनारे पुल के नीचे रोज़ रात को अवैध बालू खनन होता है", "MINE"),
    ("Sand is dug illegally at night on the river bank at Zamania, trucks leave at 3 am", "MINE"),
    ("kerakat me gomti nadi se chori chhupe balu khanan ho raha hai kai din se", "MINE"),
    ("chaubepur me ek ghar me katta banta hai, munna lohar banata hai", "ARMS"),
    ("एक आदमी देसी कट्टा बेचता है, उसकी मोबाइल की दुकान बस अड्डे के सामने है", "ARMS"),
    ("A man called Bunty sells country-made pistols from his garage in Azamgarh", "ARMS"),
    ("dildarnagar me truck me gaay bhar ke le jate hain raat ko 2 baje bihar border", "COW"),
    ("चंदौली के जंगल के रास्ते गोवंश की तस्करी होती है, हर हफ्ते दो पिकअप", "COW"),
    ("Cows are slaughtered at night in a shed behind the rice mill in Alinagar", "COW"),
    ("sarnath me ek hotel me ladkiyo se galat kaam karaya jata hai, roz naye log aate hain", "TRAFF"),
    ("गाजीपुर के मुहम्मदाबाद में नौकरी के नाम पर लड़कियों को दिल्ली भेजकर बेच देते हैं", "TRAFF"),
    ("Girls brought from Bengal are kept locked in a yellow house beside the water tank", "TRAFF"),
    ("sabzi mandi me kuch ladke roz dukandaro se hafta vasoolte hain, naam sonu aur vicky", "EXTORT"),
    ("जौनपुर के बदलापुर में एक गुंडा दुकानदारों से रंगदारी मांगता है, ना देने पर मारता है", "EXTORT"),
    ("A gang collects protection money from auto drivers at Babatpur every Monday", "EXTORT"),
    ("girls inter college ke bahar ladke roz chhedkhani karte hain, phoolpur pindra ke pas", "HARASS"),
    ("बीएचयू के पास कोचिंग से लौटती लड़कियों का पीछा करते हैं बाइक वाले, शाम 6 बजे", "HARASS"),
    ("Boys harass girl students outside the inter college in Sakaldiha every afternoon", "HARASS"),
    ("kuch log garib logo ko paise dekar dharm badalwa rahe hain har itwar, sarai mohana basti me", "CONV"),
    ("kal raat manduadih me gupta ji ki dukan ka tala tod kar chori hui, do ladke the", "HEIN"),
    ("परसों रात शिवपुर में बाइक सवार दो लड़कों ने महिला की चेन छीनी", "HEIN"),
    ("Last week three men robbed a jeweller at gunpoint in Lucknow, one is called Pintu", "HEIN"),
    ("cholapur thane ka daroga balu ke truck se 5000 rupaye leta hai har raat", "POLCOR"),
    ("हमारे यहाँ का सिपाही ठेले वालों से रोज़ 50 रुपये लेता है, सुंदरपुर चौकी", "POLCOR"),
    ("The inspector at Mughalsarai police station takes bribes from liquor sellers", "POLCOR"),
    ("rampur gaon me hanuman mandir ke peeche daru ki bhatti chalti hai roz", "INTOX"),
    ("Behind the Shiv temple in Dhaurahara village they sell ganja every night", "INTOX"),
    ("भैंसा गांव में प्राइमरी स्कूल के बगल में कच्ची शराब बनती है, रोज़ रात को", "INTOX"),
)  # fmt: skip
"""Whole tips, and the category that each tells."""
ANSWERS: Final = {
    "place": "near the temple in Rampur", "district": "don't know", "station": "don't know", "now": "no",
    "police": "no", "police_unit": "1", "police_who": "skip", "evidence": "skip", "@language": "1", "@suggested": "yes",
}  # fmt: skip
"""The tipster's answers to questions that are still asked."""


def send_whole(chat: Chat, tip: str, category: str) -> list[str]:
    """Tell a tip and answer each question until the tip is sent; return the questions."""
    chat.say(tip)
    asked: list[str] = []
    while chat.submission is None and len(asked) < 9:
        asked.append(chat.step)
        if chat.step == "review":
            chat.tap("send")
        elif chat.step == "category":
            chat.tap(category)
        else:
            chat.say(ANSWERS[chat.step])
    return asked


@pytest.mark.slow("many conversations")
def test_nine_of_ten_whole_tips_need_three_messages_or_fewer(engine: Engine) -> None:
    asked = {tip: send_whole(Chat(engine), tip, category) for tip, category in TIPS}
    long = {tip: steps for tip, steps in asked.items() if len(steps) > 2}
    assert len(TIPS) == 36
    assert len(TIPS) - len(long) >= 34, long


STORY: Final = "They sell illegal liquor behind the school at Lanka every night"
CHANNELS: Final = ("whatsapp", "telegram", "sms", "voice", "web_form")


@pytest.mark.parametrize("greeting", [(), ("Hi", "2")])
def test_a_whole_tip_goes_to_the_review_at_once(chat: Chat, greeting: tuple[str, ...]) -> None:
    chat.say(*greeting, STORY)
    assert chat.step == "review"
    assert "Not told: Police involved" in chat.text
    chat.tap("send")
    assert chat.submission is not None
    assert chat.submission.accused is None
    assert "police" not in chat.submission.answers


@every_row("word", ["police", "पुलिस", "the sub inspector is with them", "thana wale mile hain", "daroga"])
def test_police_named_at_the_review_are_asked_about_and_kept_from_the_tip(engine: Engine, word: str) -> None:
    chat = Chat(engine).say(STORY, word)
    if chat.step == "police":
        chat.tap("yes")
    assert (chat.step, chat.submission) == ("police_unit", None)
    chat.tap("station", "@skip", "send")
    assert chat.submission is not None
    assert chat.submission.accused == Accused(level="station", unit="lanka")


@every_row("words", ["there is no police involvement", "koi police wala shamil nahi hai", "पुलिस मिली नहीं है"])
def test_police_denied_at_the_review_are_answered_no(engine: Engine, words: str) -> None:
    chat = Chat(engine).say(STORY, words)
    assert (chat.step, chat.session and chat.session.answers["police"].value) == ("review", "no")


@every_row(
    "told", ["police ko bataya par kuch nahi hua", "it is opposite the house of an inspector", "dig office wale"]
)
def test_a_story_that_only_mentions_police_is_asked_about_them(engine: Engine, told: str) -> None:
    assert Chat(engine).say(f"lanka me roz daru bikti hai, {told}").step in {"police", "police_unit"}


def test_a_story_of_silent_police_is_asked_once_and_the_review_can_answer_it_too(chat: Chat) -> None:
    chat.say(STORY).tap("details", "police", "yes", "unknown").tap("@skip")
    assert chat.step == "review"
    assert "Not told" not in chat.text
    chat.tap("send")
    assert chat.submission is not None
    assert chat.submission.accused == Accused(level="unknown")


LANDMARK: Final = "They sell illegal liquor behind the Shiv temple every night"


def test_the_district_of_a_landmark_is_left_to_the_review(engine: Engine) -> None:
    chat = Chat(engine).say(LANDMARK)
    assert chat.step == "review"
    assert "Not told: District, Police involved" in chat.text
    chat.tap("send")
    assert chat.submission is not None
    assert (chat.submission.place.district, chat.submission.accused) == ("", None)
    chat = Chat(engine).say(LANDMARK).tap("details", "district", "jaunpur")
    assert (chat.step, chat.session and chat.session.answers["district"].value) == ("review", "jaunpur")
    assert "Not told: Police involved" in chat.text


def test_a_district_typed_at_the_review_is_that_of_the_place(engine: Engine) -> None:
    chat = Chat(engine).say(LANDMARK, "Jaunpur")
    assert (chat.step, "Not told: Police involved" in chat.text) == ("review", True)
    chat.tap("send")
    assert chat.submission is not None
    assert chat.submission.place.district == "jaunpur"


@every_row("told", ["police ka pata nahi", "thane me bataya tha"])
def test_police_named_only_in_the_story_get_no_tip(engine: Engine, told: str) -> None:
    chat = Chat(engine).say(f"ladkiyon ko bech dete hain gaon me, kal raat bhi. {told}", "purane kuen ke paas")
    assert (chat.step, "Police" in chat.text or "पुलिस" in chat.text) == ("review", True)
    chat.tap("send")
    assert chat.submission is not None
    assert chat.submission.accused == Accused(level="unknown")
    assert "police" not in chat.submission.answers


DENIES = (
    "No policeman is involved", "पुलिस इसमें शामिल नहीं है", "police mili hui nahi hai", "police ka koi hath nahi hai",
    "no cops involved", "police shamil nahi hai", "पुलिस मिली हुई नहीं है", "पुलिस की मिलीभगत नहीं है",
)  # fmt: skip


@every_row("told", DENIES)
@every_row("story", ["sigra me daru bikti hai", "ladkiyon ko bech dete hain gaon me, kal raat bhi", "ganja at Lanka"])
def test_police_who_are_cleared_in_the_story_are_accused_by_no_tip(engine: Engine, told: str, story: str) -> None:
    chat = Chat(engine).say(f"{story}, {told}")
    for _ in range(4):
        if chat.step in {"category", "place"}:
            chat.say("2" if chat.step == "category" else "purane kuen ke paas")
    if chat.step == "police":
        chat.tap("no")
    assert chat.step == "review"
    chat.tap("send")
    assert chat.submission is not None
    assert chat.submission.accused is None


@every_row(
    "told",
    ["no policeman is part of it", "पुलिस का इसमें कोई हाथ नहीं", "police isme shamil nahi hai", "पुलिस एहमें नइखे"],
)  # fmt: skip
def test_police_whom_the_story_surely_clears_are_not_asked_about_and_can_be_changed(engine: Engine, told: str) -> None:
    chat = Chat(engine).say(f"lanka me ganja bikta hai, {told}")
    answers = chat.session.answers if chat.session else {}
    assert (chat.step, answers["police"].value) == ("review", "no"), chat.text
    assert "Police involved: No" in chat.text or "पुलिस मिली हुई है: नहीं" in chat.text
    assert chat.tap("change", "police", "yes").step == "police_unit"


TIMES = [
    "parso sigra me do ladko ne meri chain chheen li thi", "last Sunday two men sold a stolen bike at Lanka",
    "पिछले बुधवार को लंका में सट्टा पकड़ा गया था", "pichle mahine ramnagar me truck se balu utara gaya tha",
]  # fmt: skip


@every_row("told", TIMES)
def test_a_day_that_is_over_is_taken_as_the_time_and_shown(engine: Engine, told: str) -> None:
    chat = Chat(engine).say(told)
    for _ in range(3):
        if chat.step == "category":
            chat.tap("OTHER")
        if chat.step in {"police", "@identity"}:
            chat.tap("no") if chat.step == "police" else chat.say("keep them")
    answers = chat.session.answers if chat.session else {}
    assert chat.step == "review", chat.text
    when = [answers[one].value for one in ("when", "now") if one in answers]
    assert when in (["past"], ["no"])


GOES_ON = [
    "lanka me pichle mahine se ganja bikta hai", "kal bhi bika tha, aaj phir bik raha hai ganja lanka me",
    "they sold ganja at Lanka last week and still do", "लंका में पहले भी गांजा बिकता था, अब फिर शुरू हो गया",
]  # fmt: skip


@every_row("told", GOES_ON)
def test_what_was_and_may_go_on_is_not_taken_as_over(engine: Engine, told: str) -> None:
    chat = Chat(engine).say(told)
    assert chat.session is not None
    assert "when" not in chat.session.answers or chat.session.answers["when"].value == "now"


OF_UNCLEAR_CRIMES: Final = [
    "Lohta me ek babu naye meter ke liye 2000 mangta hai, bagal me ek sipahi bhi khada rehta hai har somwar",
    "At Nadesar a man prints fake mark sheets every evening, and a constable sits with him",
    "शिवपुर में एक आदमी पेड़ कटवा रहा है रोज़ रात को, दरोगा को भी मालूम है",
    "ramnagar me bijli ke khambe se taar kaat rahe the kal raat, police ko bataya tha",
    "In Sarnath they burn plastic behind the school every night, the police were told twice",
    "मंडुआडीह में फर्जी डॉक्टर सुई लगाता है हर दिन, एक होमगार्ड साथ रहता है",
    "lohta me nakli ghee banta hai roz subah, thane me bhi sabko khabar hai",
    "Every Friday someone sells stolen railway tickets at Cantt, I do not know about the police",
    "सिगरा में एक दुकान पर फ़र्ज़ी सिम मिलता है रोज़, पुलिस वालों का पता नहीं",
    "babatpur me sarkari jameen par raat ko deewar khadi kar di parso, lekhpal aur sipahi aaye the",
]  # fmt: skip
"""Whole tips with police in them, most of them of no category that is told for sure."""


@every_row("told", OF_UNCLEAR_CRIMES)
def test_a_story_that_speaks_of_police_is_asked_about_them_and_not_about_its_category(
    engine: Engine, told: str
) -> None:
    chat = Chat(engine).say(told)
    assert chat.step in {"police", "police_unit"}, chat.text
    chat.tap("unknown")
    is_left = "Not told: About" in chat.text or "नहीं बताया: विषय" in chat.text
    assert chat.step == "review", chat.text
    chat.tap("send")
    assert chat.submission is not None
    assert (chat.submission.category == "", chat.submission.answers["what"]) == (is_left, told)


@every_row(
    "told", ["every night they burn plastic behind the old mill", "kuch log raat ko bijli ke taar kaat rahe the wahan"]
)
def test_a_story_of_no_clear_category_and_no_place_is_asked_only_where(engine: Engine, told: str) -> None:
    chat = Chat(engine).say(told)
    assert chat.step == "place"
    chat.say("Sarnath")
    assert chat.step == "review"
    assert chat.tap("details", "category").tap("OTHER").step == "review"
    chat.tap("send")
    assert chat.submission is not None
    assert chat.submission.category == "OTHER"


def test_a_story_that_tells_everything_but_its_category_is_asked_for_that(engine: Engine) -> None:
    assert Chat(engine).say("In Sarnath they burn plastic behind the school every night").step == "category"


@every_row(
    "told",
    [
        "they make small kids beg at the ghat",
        "एक औरत नौकरी के नाम पर लड़कियों को बाहर भेजती है",
        "do ladke bike par aakar aurton ka purse chheente hain",
    ],
)
def test_the_category_is_asked_where_it_decides_whether_somebody_may_be_hurt_now(engine: Engine, told: str) -> None:
    chat = Chat(engine).say(told)
    for _ in range(2):
        if chat.step == "category":
            chat.tap("TRAFF")
    assert chat.step == "now"


OF_ONESELF: Final = [
    "Kal raat lanka me mere chacha ki dukan se do ladke gas cylinder chori kar le gaye",
    "My brother was made to pay a constable 500 rupees at Sigra last Monday",
    "मेरे पड़ोसी रोज़ रात को लंका में गांजा बेचते हैं",
    "main rikshaw chalata hu, chetganj me roz sham ko juaa hota hai, sipahi bhi baithta hai",
    "my landlord sells country liquor at Ramnagar every evening",
]


@every_row("told", OF_ONESELF)
def test_a_tip_with_words_about_its_sender_needs_three_messages_as_well(engine: Engine, told: str) -> None:
    for sends in ("send", "all"):
        chat = Chat(engine).say(told)
        if chat.step in {"category", "police", "police_unit"}:
            chat.tap("OTHER" if chat.step == "category" else "unknown")
        assert chat.step == "@identity", chat.text
        chat.tap(sends)
        assert chat.submission is not None
        assert (chat.submission.answers["what"] == told) == (sends == "all")
        assert len(chat.turns) <= 3


COPS = (
    "pulice", "SO", "S.O.", "IO", "thanadaar", "thaneder", "kanstable", "constabel", "inspecter", "traffic wale",
    "khaki walon", "wardi walon", "पोलिस", "पुलिसवन", "दरोगवन", "एस.ओ.", "ख़ाकी वालों", "कॉन्स्टेबल",
)  # fmt: skip


@every_row("cop", COPS)
def test_police_in_any_spelling_are_asked_about_or_accused(engine: Engine, cop: str) -> None:
    story = "लंका में गांजा बिकता है" if cop[0] > "z" else "lanka me ganja bikta hai"
    chat = Chat(engine).say(f"{story}, {cop} ko paisa jata hai")
    assert chat.step in {"police", "police_unit", "category"}
    assert chat.session is not None
    assert chat.session.accused


@every_row(
    "told", ["khaki walon ka hath hai", "खाकी वालों का हाथ है", "पुलिसवन के पइसा जाला", "khaki walo ko hissa milta hai"]
)
def test_police_told_by_their_uniform_or_in_bhojpuri_are_accused(engine: Engine, told: str) -> None:
    chat = Chat(engine).say(f"lanka me ganja bikta hai, {told}")
    assert chat.step in {"police", "police_unit"}


@every_row("office", ["sp office", "kaptan sahab", "dig sahab", "डीआईजी"])
def test_an_office_that_gets_tips_is_asked_about_before_sending(engine: Engine, office: str) -> None:
    chat = Chat(engine).say(f"ladkiyon ko bech dete hain gaon me, kal raat bhi. {office} ka pata nahi")
    assert chat.say("purane kuen ke paas").step in {"police", "police_unit"}


ACCUSES: Final = (
    "दरोगा जी का हाथ है, मुझे नहीं लगता कि एसपी को पता है।", "police ka ek aadmi hai usme, naam nahi pata",
    "No policeman dares to touch him, the SP is his friend", "police imandar nahi hai", "police kuch nahi karti",
    "koi policewala bhi hai, kaun hai nahi pata", "SP sahab ke ghar bhi jata hai wo. police ka pata nahi",
    "पुलिस वाले शामिल नहीं होते तो यह चलता नहीं", "Halka ke daroga ko gaadi ke hisab se paisa jata hai",
)  # fmt: skip
"""Texts that may accuse police although they deny something."""


@every_row("told", ACCUSES)
def test_a_text_that_may_accuse_police_is_asked_about_before_the_review(engine: Engine, told: str) -> None:
    assert Chat(engine).say(f"lanka me ganja bikta hai. {told}").step in {"police", "police_unit"}


def test_police_accused_later_are_asked_about_though_they_were_cleared(engine: Engine) -> None:
    chat = Chat(engine).say(f"{STORY}. No policeman is involved")
    assert chat.step == "review"
    assert chat.say("thane ka sipahi bhi roz paisa leta hai unse").step == "police_unit"


def test_back_from_the_review_skips_questions_that_were_not_asked(chat: Chat) -> None:
    chat.say("Hi", "2", "daru", "They sell it there", "near the old temple", "Jaunpur").say("back")
    assert chat.step == "district"
    assert Chat(chat.engine).say(STORY, "back").step != "police"


@every_row("told", ["raat ko", "roz", "kal", "har shaam", "last month", "शाम 6 बजे", "every night", "परसों", "at night"])
def test_a_time_in_the_story_spares_the_question_whether_it_happens_now(engine: Engine, told: str) -> None:
    chat = Chat(engine).say(f"lanka me {told} ladkiyo ko chhedte hain")
    assert chat.session is not None
    assert (chat.step, chat.session.answers["now"].value) == ("review", "no")


def test_now_in_the_story_is_kept(chat: Chat) -> None:
    chat.say("lanka me abhi raat ko ladkiyo ko chhed rahe hain")
    assert chat.session is not None
    assert chat.session.answers["now"].value == "yes"


@every_row(
    "place, told",
    [
        ("at Delhi", ("elsewhere", "")),
        ("in Azamgarh", ("elsewhere", "")),
        ("in Lanka, they bring it from Delhi", ("varanasi", "lanka")),
        ("in Lanka, Mirzapur road", ("varanasi", "lanka")),
    ],
)
def test_a_place_outside_is_distinguished_from_a_place_where_things_come_from(
    engine: Engine, place: str, told: tuple[str, str]
) -> None:
    chat = Chat(engine).say(f"Every night they sell ganja {place}")
    assert ("outside our districts" in chat.text) is (told[0] == "elsewhere")
    chat.tap("send")
    assert chat.submission is not None
    assert (chat.submission.place.district, chat.submission.place.station) == told


@every_row("channel", CHANNELS)
@every_row("language, said", [("English", ("outside our districts", "DIG", "112")), ("हिन्दी", ("डीआईजी|DIG", "112"))])
def test_every_channel_explains_the_way_of_a_tip_from_outside(
    engine: Engine, channel: str, language: str, said: tuple[str, ...]
) -> None:
    chat = Chat(engine, channel).say("Hi", language, "3", "They are sold there at night", "Lucknow")
    assert all(any(each in chat.text for each in one.split("|")) for one in said), chat.text
    chat.tap("no").say("skip").tap("send")
    assert chat.submission is not None
    assert chat.submission.place.district == ELSEWHERE


def test_the_button_for_another_district_explains_that_too(chat: Chat) -> None:
    chat.say("Hi", "2", "3", "They are sold there at night", "near the old temple").tap("elsewhere")
    assert "outside our districts" in chat.text


def test_a_caption_is_read_like_a_message(engine: Engine) -> None:
    chat = Chat(engine).send("image", STORY)
    assert (chat.step, chat.session and chat.session.language) == ("review", "en")
    chat.tap("send")
    assert chat.submission is not None
    assert (chat.submission.category, chat.submission.place.station) == ("INTOX", "lanka")
    assert chat.submission.evidence == ("1",)


@every_row("caption, station", [("Lanka", "lanka"), ("ye dukan sigra me hai", "sigra"), ("behind the mill", "")])
@every_row("kind", ["image", "video"])
def test_a_caption_that_names_the_place_answers_the_question_for_the_place(
    engine: Engine, caption: str, station: str, kind: MediaKind
) -> None:
    chat = Chat(engine).say("Hi", "2", "daru", "They sell it there").send(kind, caption)
    assert chat.step == ("police" if station else "district")
    assert chat.session is not None
    assert chat.session.answers["place"].value.get("station", "") == station


def test_a_caption_that_names_no_place_leaves_the_question(chat: Chat) -> None:
    assert chat.say("Hi", "2", "daru", "They sell it there").send("image", "this is how he looks").step == "place"


def test_a_caption_before_the_question_for_the_place_spares_it(chat: Chat) -> None:
    assert chat.say("Hi", "2").send("image", "Sigra").say("daru", "They sell it there").step == "police"


@pytest.mark.slow("many conversations")
def test_the_review_of_a_whole_tip_keeps_its_buttons_on_whatsapp(engine: Engine) -> None:
    reviews = [chat.prompt for tip, _ in TIPS if (chat := Chat(engine).say(tip)).step == "review"]
    assert len(reviews) > 12
    assert not [prompt.text for prompt in reviews if not fit(prompt, CAPABILITIES).choices]


@every_row(
    "told, accused",
    [
        ("lanka me ganja bikta hai aur daroga paisa leta hai", Accused(level="unknown")),
        ("lanka me ganja bikta hai, police ko sab pata hai", Accused(level="unknown")),
        (
            "The reader at the SP office takes 5000 rupees to drop names from cases",
            Accused(level="district", also=(Accused(level="unknown"),)),
        ),
        ("lanka me ganja bikta hai mandir ke peeche", None),
    ],
)
def test_police_that_a_tip_in_one_message_may_accuse_do_not_get_it(
    engine: Engine, told: str, accused: Accused | None
) -> None:
    chat = Chat(engine, "sms").say(f"TIP {told}")
    assert chat.submission is not None
    assert chat.submission.accused == accused
