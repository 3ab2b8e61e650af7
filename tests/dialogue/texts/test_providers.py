"""Before the first word is typed, every channel says in one short sentence what its provider can read."""

from __future__ import annotations

import pytest

from satark_words.catalogues import Catalogues

MOST_CHARACTERS = 350
CAN_READ = {
    ("whatsapp", "en"): "its company Meta can read what you write",
    ("whatsapp", "hi"): "Meta आपका नंबर जानती है और आपका लिखा पढ़ सकती है",
    ("telegram", "en"): "Telegram itself knows your account and can read what you write",
    ("telegram", "hi"): "Telegram कंपनी आपका खाता जानती है और आपका लिखा पढ़ सकती है",
    ("sms", "en"): "phone companies know it and can read this",
    ("sms", "hi"): "पुलिस को नंबर नहीं दिखेगा; मोबाइल कंपनी देख, पढ़ सकती है",
    ("voice", "en"): "Phone companies know your number and can hear this call",
    ("voice", "hi"): "मोबाइल कंपनी नंबर जानती है, कॉल सुन सकती है",
    ("web_form", "en"): "your internet company knows that you opened this site, but cannot read what you write",
    ("web_form", "hi"): "इंटरनेट कंपनी जानती है कि आपने यह साइट खोली, पर आपका लिखा नहीं पढ़ सकती",
}
"""Channel and language → what the notice says of the provider."""


@pytest.mark.parametrize(("channel", "language"), CAN_READ)
def test_the_notice_says_what_the_channels_provider_can_read(channel: str, language: str) -> None:
    texts = Catalogues.of("satark.dialogue")[language]
    notice = texts.text(texts.own("notice", channel))
    assert CAN_READ[channel, language] in notice
    assert len(notice) <= MOST_CHARACTERS


@pytest.mark.parametrize("channel", ["whatsapp", "telegram", "sms", "voice"])
def test_no_channel_whose_provider_knows_the_number_says_anonymous(channel: str) -> None:
    for language in ("en", "hi"):
        texts = Catalogues.of("satark.dialogue")[language]
        notice = texts.text(texts.own("notice", channel)).lower()
        assert "anonym" not in notice
        assert "गुमनाम" not in notice
