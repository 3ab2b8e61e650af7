"""Texts that programs write about their user, and the chats that phones export."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping

from support.evidence.markers import HINDI, MARKER, SHOWN

_CHAT = f"""12/03/24, 9:14 pm - Messages and calls are end-to-end encrypted.
12/03/24, 9:14 pm - Ravi added you
12/03/24, 9:15 pm - Ravi: {SHOWN}
12/03/24, 9:16 pm - {MARKER}: You deleted this message
12/03/24, 9:17 pm - Sunil: {HINDI}
12/03/24, 9:18 pm - You changed the group name from "{MARKER}" to "x"
"""
_IPHONE = f"""[12/03/24, 21:14:05] Group: \u200eRavi added you
[12/03/24, 21:15:05] Ravi: {SHOWN}
\u200e[12/03/24, 21:16:05] {MARKER}: \u200eYou deleted this message.
[12/03/24, 21:17:05] Sunil: {HINDI}
"""
_HINDI_CHAT = f"""12/03/24, 9:14 pm - रवि: {HINDI}
12/03/24, 9:16 pm - {MARKER}: आपने यह मैसेज डिलीट किया
12/03/24, 9:17 pm - आपको रवि ने जोड़ा
12/03/24, 9:18 pm - सुनील: {SHOWN}
"""


def _table(delimiter: str) -> str:
    out = io.StringIO()
    rows = [("Account", "Text"), (MARKER, SHOWN), (MARKER, "a, b and c"), (MARKER, HINDI)]
    csv.writer(out, delimiter=delimiter).writerows(rows)
    return out.getvalue()


_XML = '<?xml version="1.0" encoding="UTF-8"?>\n'
TEXTS: Mapping[str, str] = {
    "txt-whatsapp": _CHAT,
    "txt-iphone": _IPHONE,
    "txt-hindi": _HINDI_CHAT,
    "csv": _table(","),
    "csv-semicolon": _table(";"),
    "csv-account": f"Account: {MARKER}\nDate,Amount,To\n12/03/24,500,Ravi\n13/03/24,700,Sunil\n14/03/24,90,Ravi\n",
    "tsv": _table("\t"),
    "json": json.dumps({"from": MARKER, "text": SHOWN}),
    "jsonl": "\n".join(json.dumps({"from": MARKER, "text": SHOWN}) for _ in range(3)),
    "md-front": f"---\nauthor: {MARKER}\ndate: 2026-11-20\n---\n{SHOWN}\n",
    "md-comment": f"[//]: # ({MARKER})\n\n{SHOWN}\n",
    "toml": f'[owner]\nname = "{MARKER}"\ntext = "{SHOWN}"\n',
    "ini": f"[.ShellClassInfo]\nLocalizedResourceName={MARKER}\n",
    "desktop": f"[Desktop Entry]\nName={MARKER}\nExec=x\n",
    "reg": f'Windows Registry Editor Version 5.00\n\n[HKEY_CURRENT_USER\\{MARKER}]\n"a"="b"\n',
    "tex": f"\\documentclass{{article}}\n\\author{{{MARKER}}}\n\\begin{{document}}\n{SHOWN}\n\\end{{document}}\n",
    "org": f"#+AUTHOR: {MARKER}\n#+DATE: today\n{SHOWN}\n",
    "rst": f":Author: {MARKER}\n:Date: today\n\n{SHOWN}\n",
    "adoc": f"= {SHOWN}\n:author: {MARKER}\n\ntext\n",
    "po": f'msgid ""\nmsgstr ""\n"Last-Translator: {MARKER}\\n"\n',
    "patch": f"commit 7d1ee2d4\nAuthor: {MARKER} <a@example.in>\n\n    {SHOWN}\n",
    "diff": f"--- a/{MARKER}/x.txt\t2026-11-20 10:11:12\n+++ b/x.txt\n@@ -1 +1 @@\n-{SHOWN}\n+y\n",
    "mf": f"Manifest-Version: 1.0\nBuilt-By: {MARKER}\n",
    "ldif": f"dn: cn={MARKER},dc=example\ncn: x\n",
    "sql": f"-- Dump by {MARKER}\n-- Host: localhost\nINSERT INTO a VALUES ('{SHOWN}');\n",
    "py": f"# author {MARKER}\nimport os\nprint('{SHOWN}')\n",
    "sh": f"# {MARKER}\ncd ~/x && ls -l\n",
    "c": f"/* {MARKER} */\nint main(void) {{ return 0; }}\n",
    "ass": f"[Script Info]\nOriginal Script: {MARKER}\n[Events]\nDialogue: 0,0:00:00.00,{SHOWN}\n",
    "lrc": f"[by:{MARKER}]\n[00:12.00]{SHOWN}\n[00:14.00]two\n",
    "srt": f"1\n00:00:00,000 --> 00:00:01,000\n{MARKER}\n",
    "cue": f'PERFORMER "{MARKER}"\nFILE "a.wav" WAVE\n  TRACK 01 AUDIO\n',
    "nmea": f"$GPGGA,123519,2531.760,N\n$GPGGA,123520,2531.760,N\n${MARKER}\n",
    "igc": f"AXXX001\nHFDTE201126\nHFPLTPILOT:{MARKER}\nB1101355206343N00006198WA0058700558\n",
    "ofx": f"OFXHEADER:100\nDATA:OFXSGML\n\n<OFX><ACCTID>{MARKER}</OFX>\n",
    "qif": f"!Type:Bank\nD12/03/24\nT-500\nP{MARKER}\n^\n",
    "mt940": f":20:{MARKER}\n:25:IN123\n:28C:1\n",
    "abc": f"X:1\nT:{SHOWN}\nZ:{MARKER}\nK:C\n",
    "ppm": f"P3\n# {MARKER}\n1 1\n255\n0 0 0\n",
    "xpm": f'/* XPM */\n/* {MARKER} */\nstatic char *a[] = {{"1 1 1 1", "a c #000000", "a"}};\n',
    "xbm": f"#define {MARKER}_width 8\n#define {MARKER}_height 1\nstatic char {MARKER}_bits[] = {{ 0x00 }};\n",
    "stl": f"solid {MARKER}\nfacet normal 0 0 1\nouter loop\nvertex 0 0 0\nendloop\nendfacet\nendsolid\n",
    "obj": f"# {MARKER}\nv 0.0 0.0 0.0\nv 1.0 0.0 0.0\nf 1 2 3\n",
    "dxf": f"0\nSECTION\n2\nHEADER\n9\n$LASTSAVEDBY\n1\n{MARKER}\n0\nENDSEC\n0\nEOF\n",
    "gcode": f"; {MARKER}\nG28\nG1 X1 Y1\n",
    "wkt": f'PROJCS["{MARKER}",GEOGCS["x"]]\n',
    "passwd": f"{MARKER}:x:1000:1000::/root:/bin/sh\n",
    "webloc": f"{_XML}<plist><dict><key>URL</key><string>https://example.in/{MARKER}</string></dict></plist>",
    "kml": f"{_XML}<kml><Document><name>{MARKER}</name></Document></kml>",
    "gpx": f'{_XML}<gpx creator="{MARKER}"><metadata><author><name>{MARKER}</name></author></metadata></gpx>',
    "svg": f'{_XML}<svg xmlns="http://www.w3.org/2000/svg"><metadata>{MARKER}</metadata><desc>{MARKER}</desc></svg>',
    "sms": f'{_XML}<smses count="1"><sms address="{MARKER}" body="{SHOWN}"/></smses>',
    "rtf": f"{{\\rtf1{{\\info{{\\author {MARKER}}}}}{SHOWN}}}",
    "ics": f"BEGIN:VCALENDAR\nBEGIN:VEVENT\nORGANIZER:{MARKER}\nSUMMARY:{SHOWN}\nEND:VEVENT\nEND:VCALENDAR\n",
    "ps": f"%!PS-Adobe-3.0\n%%For: {MARKER}\nshowpage\n",
    "mbox": f"From a@example.in Mon Nov 30 05:01:05 2026\nFrom: {MARKER}\nSubject: x\n\n{SHOWN}\n",
    "vcs": f"BEGIN:VCARD\nVERSION:2.1\nN:Singh;Raju\nFN:Raju\nX-OWNER:{MARKER}\nEND:VCARD\n",
}
