"""What of a text its reader could open, call or write to: found in each form, and never in what an officer must say."""

from __future__ import annotations

from importlib.resources import files

import msgspec
import pytest

from satark_words.contacts import HELPLINES, find_contact

CONTACTS = [
    "Look at the photo of the suspect: https://sp-varanasi.example/i/a7f3",
    "Ring me at 98765 43210, only for you",
    "www.police-satark.com",
    "see sp-varanasi.in",
    "open bit.ly/3xYz",
    "t.me/sp_varanasi",
    "wa.me/919876543210",
    "write to sp@up.gov.in",
    "ramesh at the rate gmail",
    "ramesh@ybl",
    "find me as @spvaranasi",
    "handle sp_varanasi_help",
    "example . com",
    "example dot com",
    "example (dot) in",
    "example [.] in",
    "example dot in",
    "example डॉट कॉम",
    "पुलिस.भारत",
    "example .in",
    "ｅｘａｍｐｌｅ．ｃｏｍ",
    "example。com",
    "exa\u200bmple\u200c.\u200dcom",
    "seen by police.quest",
    "see 48291.zone/x7",
    "48291.zone",
    "q.gg/x7",
    "q.gg",
    "sec.zone/a",
    "evil.sec.zone",
    "dr.evil.ps.world",
    "abc-dot-com",
    "abc∙com",
    "abc・com/x",
    "http://1.2.3.4",
    "1.2.3.4",
    "tel:112233",
    "9876543210",
    "+91 98765-43210",
    "0542-2501234",
    "(0542) 250 1234",
    "2501234",
    "1800 180 5145",
    "९८७६५ ४३२१०",
    "９８７６５４３２１０",
    "98\u200b765\u206043210",
    "9️⃣8️⃣7️⃣6️⃣5️⃣4️⃣3️⃣2️⃣1️⃣0️⃣",
    "9 8 7 6 5 4 3 2 1 0",
    "98765\n43210",
    "98765, 43210",
    "98765 12-12-2025 43210",
    "98112 76543",
    "FIR 9876543210",
    "GD 919876543210",
    "FIR 9876543210/2026",
    "crime no 9876543210-1",
    "Case no. 0542-2501234",
    "Rs 05422501234",
    "Rs 9876543210",
    "धारा 987, 654, 321, 0",
    "0000 0098 7654 3210",
    "nine eight seven six five four three two one zero",
    "ninety eight seventy six fifty four thirty two ten",
    "नौ आठ सात छह पांच चार तीन दो एक शून्य",
    "nau aath saat chhe panch char teen do ek shunya",
    "double nine 8 seven six five four three",
]
ALLOWED = [
    "Call 112 if a life is in danger. Women: 1090 and 181. Children: 1098. Fraud: 1930.",
    "112, 1090, 181, 1098, 1930, 1933, 14416",
    "जान का खतरा हो तो ११२ पर कॉल करें।",
    "Entered as GD 34/2025 and FIR No. 0123/2025 at Lanka.",
    "FIR 31234012250123 was registered.",
    "एफआईआर संख्या 0123/2025, जीडी 34, धारा 303(2), 317(2), 112 BNS",
    "मु0अ0सं0 123/2025 दर्ज",
    "Sections 111, 112, 303 and 317 BNS; u/s 8/20 NDPS",
    "on 02.12.2025 at 18:30, 2025-12-03 and 4/12/25 from 9:00-11:45",
    "₹15,00,000 and Rs. 250000/- were seized, 1500000 रुपये",
    "Your receipt 8391 4460 7012 5538",
    "the car UP65 CD 4411 and 22 BH 1234 AA",
    "PIN 221005, house B 21/34",
    "Dr.Sharma and S.P.Singh of U.P.Police, i.e. at 6 p.m.",
    "हमने देखा।आप सुरक्षित रहें.कृपया प्रतीक्षा करें.",
    "Is there a red dot in the photo? Bring it in person. In the evening.",
    "1.Bring the photo. 2.Ask at the gate.",
    "On 02.12.2025.The team came at 10.The gate was shut. Smt.Dr.Devi and M.Khan saw it.",
    "We found two, three, four men and one car; 15 lakh rupees.",
    "एक दो तीन लोग थे, चार गाड़ी",
    "",
]


@pytest.mark.parametrize("text", CONTACTS)
def test_what_a_reader_could_open_call_or_write_to_is_found(text: str) -> None:
    assert find_contact(text)


@pytest.mark.parametrize("text", ALLOWED)
def test_what_an_officer_must_say_is_no_contact(text: str) -> None:
    assert find_contact(text) == ""


def test_each_number_of_the_danger_texts_is_a_helpline() -> None:
    danger = msgspec.yaml.decode((files("satark_words") / "danger.yaml").read_bytes())
    assert {one for numbers in danger["numbers"].values() for one in numbers} <= set(HELPLINES)


def test_a_long_text_of_dots_takes_no_time() -> None:
    assert find_contact("a." * 5000) == ""
