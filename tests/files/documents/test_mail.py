"""Mails and saved pages: the text that a reader sees, and no header of the sender's side."""

from __future__ import annotations

import re
from email.message import EmailMessage

import pytest

from satark_files.documents.mail import read_mail
from satark_files.scrubber import Unclean
from satark_files.sniff import sniff

HEAD = b"Received: from phone (49.36.1.2)\nFrom: Jane <jane@example.in>\nTo: me@example.in\n"


def test_the_html_of_a_mail_without_plain_text_is_shown() -> None:
    head = b"From: a@example.in\nSubject: =?utf-8?b?4KSo4KSu4KS44KWN4KSk4KWH?=\nContent-Type: text/html\n\n"
    text, files = read_mail(head + b"<p>one<br>two</p>")
    assert (text.split(), files) == (["नमस्ते", "one", "two"], [])


def test_plain_text_replaces_its_html_version_and_a_mail_inside_a_mail_is_read() -> None:
    inner = EmailMessage()
    inner["From"], inner["Subject"] = "jane@example.in", "inner news"
    inner.set_content("inner words")
    mail = EmailMessage()
    mail["From"], mail["Subject"] = "jane@example.in", "news"
    mail.set_content("plain words")
    mail.add_alternative("<p>html words</p>", subtype="html")
    mail.add_attachment(inner)
    mail.add_attachment(b"%PDF", maintype="application", subtype="pdf", filename="Jane.pdf")
    text, files = read_mail(mail.as_bytes())
    assert text.split("\n\n")[:2] == ["news", "inner news"]
    assert "html words" not in text
    assert "jane" not in text
    assert [word in text for word in ("plain words", "inner words")] == [True, True]
    assert files == [b"%PDF"]


def test_lines_of_a_quoted_mail_that_name_people_are_left_out() -> None:
    quoted = b"\n> From: Jane <j@example.in>\nTo: me\nOn Mon, Jane <j@example.in> wrote:\nFrom now on pay to x@bank\n"
    text, _ = read_mail(HEAD + b"Subject: pay\n" + quoted)
    assert text.split("\n\n")[1].strip() == "From now on pay to x@bank"


def test_a_saved_page_is_read_with_its_pictures() -> None:
    page = (
        b"From: <Saved by Blink>\r\nSnapshot-Content-Location: https://example.in/jane\r\nSubject: page\r\n"
        b'Content-Type: multipart/related; boundary="b"\r\n\r\n--b\r\nContent-Type: text/html\r\n\r\n<p>seen</p>\r\n'
        b"--b\r\nContent-Type: image/png\r\nContent-Location: https://example.in/jane.png\r\n"
        b"Content-Transfer-Encoding: base64\r\n\r\niVBORw0KGgo=\r\n--b--\r\n"
    )
    assert read_mail(page) == ("page\n\n\nseen", [b"\x89PNG\r\n\x1a\n"])


MAIL = HEAD + b"Subject: news\n\nwords\n"
BEGINNINGS = {
    "blank lines": b"\r\n \n\t\n" + MAIL,
    "a mark": b"\xef\xbb\xbf" + MAIL,
    "a mark and blank lines": b"\xef\xbb\xbf\n" + MAIL,
    "UTF-16": MAIL.decode().encode("utf-16"),
    "UTF-16, big-endian": b"\xfe\xff" + MAIL.decode().encode("utf-16-be"),
}


@pytest.mark.parametrize("data", BEGINNINGS.values(), ids=BEGINNINGS)
def test_headers_are_removed_whatever_precedes_them(data: bytes) -> None:
    assert sniff(data) == "message/rfc822"
    assert [part.strip() for part in read_mail(data)[0].split("\n\n")] == ["news", "words"]


def test_a_mail_whose_headers_are_indented_is_refused() -> None:
    with pytest.raises(Unclean, match="damaged"):
        read_mail(b"\n  Subject: news\n  From: jane@example.in\n\nwords\n")


@pytest.mark.parametrize(
    "inside",
    [
        "BEGIN:VCARD\nX-PHONE:Jane\nEND:VCARD",
        "begin 644 Jane.jpg\n#0V%T\n`\nend",
        "SmFuZQ==" * 9,
        "> Received: from Jane\n> X-Originating-IP: 49.36.1.2",
        "From: Jane\nDate: Mon, 30 Nov 2026\nReceived: from Jane\nX-Mailer: Jane",
        "On Mon, 30 Nov 2026, Jane wrote:\n> hi",
        "सोम, 30 नव॰ 2026 को Jane ने लिखा:\n> hi",
        "प्रेषक: Jane\nप्रति: Jane",
        "2026-11-30 05:01:05 Jane\n" * 3,
    ],
)
def test_a_programs_lines_in_a_mail_are_left_out_and_the_words_around_them_stay(inside: str) -> None:
    text, _ = read_mail(HEAD + f"Subject: news\n\nfirst\n\n{inside}\n\nlast\n".encode())
    assert not {"Jane", "SmFuZQ"} & set(re.findall("Jane|SmFuZQ", text))
    assert [word in text for word in ("first", "last")] == [True, True]


NEST = b"".join(b'Content-Type: multipart/mixed; boundary="b%d"\n\n--b%d\n' % (n, n) for n in range(900))
COSTLY = {
    "a long header": HEAD + b"Subject: " + b"=?utf-8?q?a?= " * 150_000 + b"\n\nx",
    "a long folded header": HEAD + b"Content-Type: text/plain" + b";\n a=1" * 300_000 + b"\n\nx",
    "many quotes": HEAD + b"Content-Type: text/plain; a=" + b'"' * 2_000_000 + b"\n\nx",
    "empty lines": HEAD + b"\n" * 5_000_000,
    "deep parts": HEAD + NEST + b"a\n" * 500_000,
    "many parts": HEAD + b'Content-Type: multipart/mixed; boundary="b"\n\n' + b"--b\n\n" * 900_000,
}


@pytest.mark.parametrize("data", COSTLY.values(), ids=COSTLY)
def test_a_mail_that_would_take_minutes_to_read_is_refused_at_once(data: bytes) -> None:
    with pytest.raises(Unclean, match="damaged"):
        read_mail(data)
