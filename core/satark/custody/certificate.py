"""Makes the certificate under section 63(4) of the Bharatiya Sakshya Adhiniyam, 2023, as a PDF to be signed by hand.

Parts A and B follow the Act's Schedule field by field, in its order and wording (`texts/`). The system fills in the
fields that it knows. Fields that a person must answer for stay blank: parentage, control of the device, date, place,
signature, and the expert of Part B. The hash report and the custody log are annexed.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Final

from fpdf import FPDF

from satark.custody.chain import LogEntry
from satark.custody.log import LogRow
from satark.custody.manifest import Manifest, PackItem, ReceivedFile, format_ist
from satark.custody.verify_pack import group_digits
from satark.printing.fonts import FAMILY, use_fonts
from satark_words.catalogues import Catalogue, Catalogues

SOURCES: Final = ("computer", "dvr", "mobile", "flash", "cd", "server", "cloud", "other")
CONTROLS: Final = ("owned", "maintained", "managed", "operated")
ALGORITHMS: Final = ("sha1", "sha256", "md5", "other")
TICKED: Final = frozenset({"source.server", "hash.sha256", "hash.md5"})
"""The boxes ticked in both parts: the certificate covers what this server received, never anybody's phone."""

_PLACE_OF_HASH: Final = "\0"
_DIGITS: Final = "Courier"
"""The hash's font. Every reader has it, so the file contains its text as printed (PDF 32000, 9.6.2.2)."""
_BLANK: Final = "_" * 24
_SHORT: Final = "_" * 12
_MARGIN: Final = 18.0
_TEXT, _SMALL, _LINE = 10.0, 7.5, 6.2
_WIDTHS: Final = (10.0, 40.0, 34.0, 20.0, 70.0)
_RECEIVED_WIDTHS: Final = (10.0, 34.0, 20.0, 40.0, 70.0)
_LOG_WIDTHS: Final = (12.0, 40.0, 72.0, 50.0)


def make_certificate(manifest: Manifest, manifest_sha256: str, log: Sequence[LogRow], language: str) -> bytes:
    """Make the certificate in one language. Equal arguments give equal bytes.

    The bytes contain the manifest's hash as printed, and nothing else depends on it. Replacing this hash gives the
    certificate for another hash (`satark.custody.pack.blanked`).
    """
    document = _CertificateDocument(Catalogues.of("satark.custody")[language], manifest)
    fields = document.fields(manifest_sha256)
    document.part("a", fields)
    document.part("b", {**fields, "name": _BLANK, "address": _BLANK})
    document.report()
    document.custody(log)
    return bytes(document.output())


class _CertificateDocument(FPDF):
    def __init__(self, texts: Catalogue, manifest: Manifest) -> None:
        super().__init__(format="A4")
        self._texts = texts
        self._manifest = manifest
        self.set_margin(_MARGIN)
        self.set_auto_page_break(auto=True, margin=_MARGIN)
        self.set_compression(False)
        self.set_creation_date(datetime.fromisoformat(manifest.utc).replace(tzinfo=UTC))
        self.set_title(f"{manifest.number} {texts.text('certificate')} {texts.text('see')}")
        use_fonts(self)

    def file_id(self) -> None:
        """Return no id: the library's would depend on the manifest's hash."""

    def footer(self) -> None:
        self.set_y(-12)
        self.set_font(FAMILY, size=_SMALL)
        page = self._texts.text("page", page=self.page_no(), pages="{nb}")
        self.cell(0, 5, f"{self._manifest.number} · {page}", align="C")

    def fields(self, manifest_sha256: str) -> dict[str, str]:
        """Return the values of the form's fields; an unknown one is a blank line."""
        issuer, manifest = self._manifest.issuer, self._manifest
        channel = self._texts.text(f"channel.{manifest.channel}")
        received = _date(manifest.received)
        found = {
            "name": issuer.name,
            "address": issuer.office,
            "make": issuer.make,
            "color": issuer.color,
            "serial": issuer.serial,
            "device": issuer.device,
            "info": self._texts.text("fill.info", number=manifest.number, received=received, channel=channel),
            "hash": self._texts.text("fill.hash", count=len(manifest.items), manifest=_PLACE_OF_HASH),
            "manifest": group_digits(manifest_sha256),
            "place": issuer.place,
        }
        return {"parent": _BLANK, "blank": _SHORT, **{name: value or _BLANK for name, value in found.items()}}

    def part(self, part: str, fields: Mapping[str, str]) -> None:
        self.add_page()
        if part == "a":
            self._title("schedule", "see", "certificate")
        self._title(f"{part}.title", f"{part}.by")
        self._say("affirm", fields)
        self._say(f"{part}.source", fields)
        self._ticks("source", SOURCES, fields)
        for key in ("other", "make", "serial", "device", "info"):
            self._say(key, {**fields, "blank": _BLANK})
        if part == "a":
            self._say("control", fields)
            self._ticks("control", CONTROLS, fields, end="control.by_me")
        self._say_with_hash("hash", fields)
        self._ticks("hash", ALGORITHMS, fields)
        self._say("hash.report", fields)
        self.ln(14)
        self._say(f"{part}.signed", fields, align="R")
        for key in ("date", "time", "place"):
            self._say(key, fields if part == "a" else {**fields, "place": _BLANK})

    def report(self) -> None:
        self.add_page()
        manifest = self._manifest
        self._title("report")
        office = manifest.issuer.office or manifest.desk
        self._small("report.intro", number=manifest.number, office=office, utc=manifest.utc, ist=manifest.ist)
        head = ("report.item", "report.role", "report.file", "report.bytes", "report.values")
        self._table(_WIDTHS, head, [self._item(item) for item in manifest.items])
        self._small("report.received")
        head = ("report.of", "report.type", "report.bytes", "report.state", "report.values")
        self._table(_RECEIVED_WIDTHS, head, [self._as_received(one) for one in manifest.originals])
        for one in manifest.withheld:
            self._small("report.withheld", file=one.file, sha256=group_digits(one.sha256))
        if manifest.signer is not None:
            signer = manifest.signer
            self._small("report.signed", desk=signer.desk, verifier=group_digits(signer.verifier), roster=signer.roster)
        self._small("report.confidence")

    def custody(self, log: Sequence[LogRow]) -> None:
        self.add_page()
        self._title("report.custody")
        self._small("report.custody.intro", rows=len(log), head=group_digits(self._manifest.head))
        rows = [(str(row.row.seq), *self._act(row)) for row in log]
        self._table(_LOG_WIDTHS, ("custody.seq", "custody.when", "custody.what", "custody.who"), rows)

    def _item(self, item: PackItem) -> tuple[str, ...]:
        alone = item.role == "scrubbed" and not item.derived_from
        role = self._texts.text(f"role.{item.role}" + ".alone" * alone, **{"from": item.derived_from})
        values = f"SHA256 {group_digits(item.sha256)}\nMD5 {group_digits(item.md5)}"
        return str(item.item_no), f"{role}\n{item.mime}", item.filename, str(item.bytes), values

    def _as_received(self, one: ReceivedFile) -> tuple[str, ...]:
        state = self._texts.text(f"reason.{one.problem}" if one.problem else "report.cleaned")
        values = f"SHA256 {group_digits(one.sha256)}\nMD5 {group_digits(one.md5)}"
        return one.file, one.mime, str(one.bytes), state, values

    def _act(self, row: LogRow) -> tuple[str, str, str]:
        entry = row.entry
        action = self._texts.text(f"action.{entry.action if entry else 'erased'}")
        what = self._texts.text("custody.file", file=row.row.file or "—", action=action)
        return (_when(entry), what, self._who(entry)) if entry else ("", what, "")

    def _who(self, entry: LogEntry) -> str:
        if not entry.desk:
            return self._texts.text("custody.service")
        names = " + ".join(name for name in (entry.officer, entry.second) if name)
        return f"{entry.desk}: {names}" if names else entry.desk

    def _title(self, *keys: str) -> None:
        for place, key in enumerate(keys):
            self.set_font(FAMILY, "B" if place == 0 else "", 13 if place == 0 else _TEXT)
            self.multi_cell(0, _LINE, self._texts.text(key), align="C", new_x="LMARGIN", new_y="NEXT")
        self.ln(2)

    def _say(self, key: str, fields: Mapping[str, str], align: str = "L") -> None:
        self.set_font(FAMILY, size=_TEXT)
        self.multi_cell(0, _LINE, self._texts.text(key, **fields), align=align, new_x="LMARGIN", new_y="NEXT")
        self.ln(1)

    def _say_with_hash(self, key: str, fields: Mapping[str, str]) -> None:
        """Print a text that contains the manifest's hash, on a line of its own."""
        before, _, after = self._texts.text(key, **fields).partition(_PLACE_OF_HASH)
        self.set_font(FAMILY, size=_TEXT)
        self.multi_cell(0, _LINE, before, new_x="LMARGIN", new_y="NEXT")
        self.set_font(_DIGITS, size=_TEXT - 2)
        self.cell(0, _LINE, fields["manifest"], new_x="LMARGIN", new_y="NEXT")
        self.set_font(FAMILY, size=_TEXT)
        self.multi_cell(0, _LINE, after.strip(), new_x="LMARGIN", new_y="NEXT")
        self.ln(1)

    def _small(self, key: str, **values: object) -> None:
        self.set_font(FAMILY, size=8.5)
        self.multi_cell(0, 5, self._texts.text(key, **values), new_x="LMARGIN", new_y="NEXT")
        self.ln(1)

    def _ticks(self, group: str, codes: Sequence[str], fields: Mapping[str, str], end: str = "") -> None:
        """Print boxes, each before its label, and wrap them at the margin."""
        self.set_font(FAMILY, size=_TEXT)
        for code in codes:
            self._tick(f"{group}.{code}", self._texts.text(f"{group}.{code}", **fields))
        if end:
            self._fit(self._texts.text(end), 0)
        self.ln(_LINE + 2)

    def _tick(self, key: str, label: str) -> None:
        box = 3.6
        self._fit(label, box + 1.5, draw=False)
        x, y = self.get_x(), self.get_y() + (_LINE - box) / 2
        self.rect(x, y, box, box)
        if key in TICKED:
            with self.local_context(line_width=0.6):
                self.polyline([(x + 0.6, y + 1.9), (x + 1.5, y + 2.9), (x + 3.2, y + 0.5)])
        self.set_x(x + box + 1.5)
        self._fit(label, 0)
        self.set_x(self.get_x() + 5)

    def _fit(self, text: str, before: float, *, draw: bool = True) -> None:
        """Print a label on this line, or on the next if it does not fit; `draw=False` only moves to that line."""
        width = self.get_string_width(text) + 2
        if self.get_x() + before + width > self.w - self.r_margin + 2 and self.get_x() > self.l_margin:
            self.ln(_LINE)
        if draw:
            self.cell(width, _LINE, text)

    def _table(self, widths: Sequence[float], head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        self.set_font(FAMILY, size=_SMALL)
        with self.table(col_widths=tuple(widths), line_height=4.2, text_align="LEFT") as table:
            for cells in ([self._texts.text(key) for key in head], *rows):
                row = table.row()
                for cell in cells:
                    row.cell(cell)
        self.ln(3)


def _when(entry: LogEntry) -> str:
    """Return the time of an officer's action in Indian Standard Time; for an action of the service, only the date."""
    return f"{format_ist(entry.at)} IST" if entry.at else _date(entry.band)


def _date(band: str) -> str:
    return "/".join(reversed(band.partition("T")[0].split("-")))
