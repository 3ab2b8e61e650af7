"""Before the first word is typed, every channel says in one short sentence what its provider can read."""

from __future__ import annotations

import pytest

from satark_words.catalogues import Catalogues

MOST_CHARACTERS = 350
CAN_READ = {
    ("whatsapp", "en"): "its company Meta can read what you write",
    ("whatsapp", "hi"): "उसकी कंपनी Meta आपका लिखा पढ़ सकती है",
    ("telegram", "en"): "Telegram needs a SIM registered in a name, and can read what you write",
    ("telegram", "hi"): "चलता है और आपका लिखा पढ़ सकता है",
    ("sms", "en"): "phone companies know whose it is and can read this",
    ("sms", "hi"): "पुलिस को नंबर नहीं दिखेगा; मोबाइल कंपनी नाम जानती, पढ़ती है",
    ("voice", "en"): "Phone companies, or WhatsApp's, know whose number it is and can hear this call",
    ("voice", "hi"): "मोबाइल या वॉट्सऐप कंपनी जानती है नंबर किसका है, कॉल सुन सकती है",
    ("web_form", "en"): "your internet company knows that you opened this site, but cannot read what you write",
    ("web_form", "hi"): "इंटरनेट कंपनी जानती है कि आपने यह साइट खोली, पर आपका लिखा नहीं पढ़ सकती",
}
"""Channel and language → what the notice says of the provider."""


@pytest.mark.parametrize(("channel", "language"), CAN_READ)
def test_the_notice_tells_what_the_channels_provider_can_read(channel: str, language: str) -> None:
    texts = Catalogues.of("satark.dialogue")[language]
    notice = texts.text(texts.own("notice", channel))
    assert CAN_READ[channel, language] in notice
    assert len(notice) <= MOST_CHARACTERS


NAMED = {"en": "registered in a name", "hi": "किसी के नाम दर्ज", "bho": "केहू के नाम पर दर्ज", "ur": "کسی کے نام درج"}
"""Language → what the law says of the SIM that an account needs since 1 March 2026."""


@pytest.mark.parametrize("channel", ["whatsapp", "telegram"])
@pytest.mark.parametrize("language", NAMED)
def test_the_notice_tells_that_the_law_ties_the_account_to_a_name(channel: str, language: str) -> None:
    texts = Catalogues.of("satark.dialogue")[language]
    notice, _, way_out = texts.text(texts.own("notice", channel)).partition("\n")
    assert notice.count(NAMED[language]) == 1
    assert "{website}" in way_out
    assert len(notice + way_out) <= MOST_CHARACTERS


@pytest.mark.parametrize("channel", ["whatsapp", "telegram", "sms", "voice"])
def test_no_channel_whose_provider_knows_the_number_says_anonymous(channel: str) -> None:
    for language in ("en", "hi"):
        texts = Catalogues.of("satark.dialogue")[language]
        notice = texts.text(texts.own("notice", channel)).lower()
        assert "anonym" not in notice
        assert "गुमनाम" not in notice
