"""Only people's texts pass as plain text; programs' output is recognised or refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from satark_files.documents.plain_text import TextScrubber
from satark_files.documents.prose_check import begins_as_mail, hide_people, is_prose
from satark_files.limits import Limits
from satark_files.scrubber import Unclean
from satark_files.sniff import sniff
from support.evidence.markers import HINDI

REST = "From: Jane <jane@example.in>\r\nReceived: from phone (49.36.1.2)\r\n by mail\r\n\r\nwords\r\n"
FIRST = [
    "Date: Mon, 30 Nov 2026 05:01:05 +0530", "To: sp@example.in", "Subject: news", "DKIM-Signature: v=1;\r\n b=x",
    "Content-Type: text/plain", "Sender: a@example.in", "ARC-Seal: i=1", "Authentication-Results: mx; spf=pass",
    "From: =?utf-8?b?SmFuZQ==?=", "From: <Saved by Blink>\r\nSnapshot-Content-Location: https://example.in/",
    "Message-ID: <1@example.in>", "Return-Path: <a@example.in>", "X-Mailer: phone", "Organization: x",
]  # fmt: skip


@pytest.mark.parametrize("first", FIRST)
def test_a_mail_is_recognised_whatever_header_comes_first(first: str) -> None:
    assert sniff(f"{first}\r\n{REST}".encode()) == "message/rfc822"
    assert not is_prose(f"{first}\r\n{REST}")
    assert sniff(f"{first}\r\n{REST}".encode("utf-16")) == "message/rfc822"


FROM = "From jane@example.in Mon Nov 30 05:01:05 2026\r\n"
CARD = "BEGIN:VCARD\r\nFN:Jane\r\nEND:VCARD\r\n"
LOG = "2026-11-30 05:01:05,123 INFO signed in\n"
WRITTEN_BY_PROGRAMS = {
    **{f"mbox, {first.partition(':')[0]}": f"{FROM}{first}\r\n{REST}" for first in FIRST},
    "a mail after a text": f"See below.\n\n{REST}",
    "a header after a text": "See below.\n\nReceived: from phone (49.36.1.2)\n",
    "a quoted header": "See below.\n\n> Received: from phone (49.36.1.2)\n",
    "indented headers": "  Comments: x\n  From: Jane <jane@example.in>\n  To: me\n",
    "listed fields": "* Model: A1\n* Serial: 77\n* Owner: Jane\n",
    "what exiftool says": "File Name   : a.jpg\nOwner Name  : Jane\nSerial No   : 77\n",
    "positions": "$GPGGA,123519,4807.038,N\n$GPGGA,123520,4807.038,N\n$GPRMC,123519,A,48,N,0\n",
    "a table": "Name,Phone,Mail\nJane,98765,j@example.in\nRavi,98766,r@example.in\n",
    "a sheet": "Name\tPhone\nJane\t98765\nRavi\t98766\n",
    "a table with words in quotes": 'Name,Phone,Note\nJane,98765,"a, b"\nRavi,98766,c\n',
    "a table after a line": "Account: Jane\nDate,Amount,To\n12/03/24,500,Ravi\n13/03/24,700,Sunil\n",
    "a table of two columns": "Account,Text\nJane,hello\nJane,come\n",
    "settings of a folder": "[.ShellClassInfo]\r\nLocalizedResourceName=Jane\r\n",
    "a program's log": "11-30 05:01:05.123  1234 I Activity: started\n" * 3,
    "a kernel's log": "[    0.000000] Linux\n" * 3,
    "subtitles": "1\n00:00:01,000 --> 00:00:02,000\nx\n",
    "a path": "saved as /home/jane/x.txt",
    "a link's file": "[InternetShortcut]\nURL=https://example.in/jane\n",
    "an encoded file": "begin 644 jane.jpg\n#0V%T\n`\nend\n",
    "a card after a text": f"The card:\n{CARD}",
    "a calendar after a text": "x\nBEGIN:VEVENT\n",
    "a key": "-----BEGIN PGP PUBLIC KEY BLOCK-----\nx\n",
    "base64": "a photo:\n" + "QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVphYmNkZWZnaGlqa2xtbm9w\n" * 3,
    "fields": "Model: A1\nSerial: 77\nOwner: Jane\n",
    "a log": LOG * 3,
    "an access log": '49.36.1.2 - - [30/Nov/2026:05:01:05] "GET / HTTP/1.1" 200\n' * 3,
    "a phone's log": "I/Activity(1234): started\n" * 3,
    "a system's log": "Nov 30 05:01:05 phone sshd[7]: accepted\n" * 3,
    "HTML after a text": 'x\n<div class="a">y</div>\n',
    "settings": "user=jane\nhost={phone}\nid=7;\n",
    "data": '{"a": 1, "b": {"c": 2}}\n{"a": 1, "b": {"c": 2}}\n',
    "bytes after a text": "words " * 2000 + "\x01\x02",
}


@pytest.mark.parametrize("text", WRITTEN_BY_PROGRAMS.values(), ids=WRITTEN_BY_PROGRAMS)
def test_a_programs_output_does_not_pass_as_text(text: str, tmp_path: Path) -> None:
    (tmp_path / "in").write_text(text, encoding="utf-8")
    with pytest.raises(Unclean, match="unsupported"):
        TextScrubber().scrub(tmp_path / "in", tmp_path / "out", Limits())


CHAT = "12/03/24, 9:14 pm - Ravi: come at night\n12/03/24, 9:15 pm - Sunil: <Media omitted>\n"
WRITTEN_BY_PEOPLE = {
    "Hindi": HINDI,
    "a note": "Ramesh sells liquor behind the school.\nHis number: 98765 43210, car UP65 AB 1234\n",
    "a note with a date": "Date: 12 May\nRamesh sells liquor",
    "fields in Hindi": "नाम: रमेश\nजगह: लंका\nसमय: रात 9 बजे\n",
    "an exported chat": CHAT * 3,
    "an iPhone's chat": "[12/03/24, 21:14:05] Ravi: come\n\u200e[12/03/24, 21:15:05] Ravi: <attached: 2-PHOTO.jpg>\n"
    * 3,
    "a chat with its year first": "2024-03-12 21:14 - Ravi: come\n" * 3,
    "a call that somebody wrote down": "Ramesh: come\nSuresh: when\nRamesh: at nine\nSuresh: good\n",
    "links": "See https://maps.example.in/?q=25.3,83.0&id=abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz\n",
    "commas without blanks": "ram,shyam,mohan\nkal aaye the,gaadi kali thi\nghar ke peeche hai\n",
    "a table that somebody wrote down": "ram - liquor\nshyam - ganja\nmohan - guns\n",
    "phone numbers": "9876543210\n9876543211\n9876543212\n",
    "smileys": "👍👍 =) 😀",
    "a list": "1. liquor\n2. ganja\n- rate: 500/-\n",
}


@pytest.mark.parametrize("text", WRITTEN_BY_PEOPLE.values(), ids=WRITTEN_BY_PEOPLE)
def test_peoples_writing_is_prose(text: str) -> None:
    assert is_prose(text)
    assert not begins_as_mail(text)
    assert sniff(text.encode()) == "text/plain"


def line_of(name: str, body: str) -> str:
    return f"12/03/24, 9:14 pm - {name}{': ' if name else ''}{body}\n"


EXPORTED = {
    "added": line_of("", "Ravi added you"),
    "renamed": line_of("", 'You changed the group name from "a: b" to "c"'),
    "deleted": line_of("Jane", "You deleted this message"),
    "deleted, in Hindi": line_of("Jane", "आपने यह मैसेज डिलीट किया"),
    "added, in Hindi": line_of("", "आपको रवि ने जोड़ा"),
    "added, in Tamil": line_of("", "ரவி உங்களைச் சேர்த்தார்"),
    "added, in Marathi": "१२/०३/२४, ९:१४ म.उ. - तुम्ही Ravi ला जोडले\n",
    "added, in Hindi, of an older phone": "12/03/24, 9:14 अपराह्न - आपने Ravi को जोड़ा\n",
    "a call": line_of("", "Missed voice call"),
    "another phone's key": line_of("", "Ravi's security code changed. Tap to learn more."),
    "an iPhone's": "\u200e[12/03/24, 21:16:05] Jane: \u200eYou deleted this message.\n",
    "an iPhone's, added": "[12/03/24, 21:16:05] Group: \u200eRavi added you\n",
}


@pytest.mark.parametrize("line", EXPORTED.values(), ids=EXPORTED)
def test_a_chat_does_not_tell_whose_phone_exported_it(line: str) -> None:
    others = line_of("Ravi", "This message was deleted"), line_of("Ravi", "come"), line_of("Sunil", "You come at nine")
    first, *rest = hide_people("".join((line, *others))).splitlines()
    assert first.endswith(("- …", "] …"))
    assert rest == [line_of("", said).strip() for said in ("…", "person 1: come", "person 2: You come at nine")]


def test_the_form_of_a_name_in_a_chat_does_not_tell_whose_phone_exported_it() -> None:
    """A phone names its contacts as its owner does, others by "~" or their number, and its owner by the profile."""
    names = ["Papa", "~\u202fRavi K", "+91 98765 43210", "Sunita Devi", "\u200e😀", "Papa"]
    told = "".join(line_of(name, "come") for name in names)
    told += line_of(
        "Papa", "@\u2068~Ravi K\u2069 and @Sunita Devi, not @919812345678 nor @\u2068Mohan\u2069\nSunil@example.in"
    )
    assert hide_people(told) == "".join(
        [line_of(f"person {number}", "come") for number in (1, 2, 3, 4, 5, 1)]
    ) + line_of("person 1", "@person 2 and @person 4, not @person nor @person\nSunil@example.in")


def test_peoples_words_in_a_chat_stay() -> None:
    said = [("Ravi", "you deleted it?"), ("Sunil", "आप कल आना"), ("Ravi", "come: at nine")]
    told = "".join(line_of(name, words) for name, words in said) + "[12/03/24, 21:16:05] Ravi: \u200e<attached: 1.jpg>"
    assert hide_people(told) == told.replace("Ravi", "person 1").replace("Sunil", "person 2")


def test_a_diary_stays_as_it_was_written() -> None:
    said = "".join(line_of("", words) for words in ("he came", "Ravi went", "they sold it", "he said: come"))
    assert hide_people(said) == said
