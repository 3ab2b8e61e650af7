"""Origin checks, headers and forms, as browsers really send them."""

from __future__ import annotations

import pydoc
from collections.abc import Iterator, Mapping

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from satark.api.web import PAGE_HEADERS, FormError, Page, PageHeaders, SameOrigin, read_form, stream_file

FORM = {"content-type": "application/x-www-form-urlencoded"}


async def echo(request: Request) -> Response:
    try:
        return JSONResponse(await read_form(request, limit=300))
    except FormError as error:
        return PlainTextResponse(str(error), error.status)


async def own_policy(_request: Request) -> Response:
    return PlainTextResponse("x", headers={"content-security-policy": "sandbox"})


def client(public_url: str = "") -> TestClient:
    routes = [Route("/form", echo, methods=["GET", "POST"]), Route("/own", own_policy)]
    middleware = [Middleware(PageHeaders), Middleware(SameOrigin, public_url=public_url)]
    return TestClient(Starlette(routes=routes, middleware=middleware), base_url="http://desk.example")


@pytest.mark.parametrize(
    ("public_url", "headers", "status"),
    [
        ("", {}, 403),
        ("", {"sec-fetch-site": "same-origin"}, 200),
        ("", {"sec-fetch-site": "none"}, 200),
        ("", {"sec-fetch-site": "same-site"}, 403),
        ("", {"sec-fetch-site": "cross-site", "origin": "http://desk.example"}, 403),
        ("", {"origin": "http://desk.example"}, 200),
        ("", {"origin": "http://evil.example"}, 403),
        ("", {"origin": "null"}, 403),
        ("https://police.example/desk", {"origin": "https://police.example"}, 200),
        ("https://police.example/desk", {"origin": "http://desk.example"}, 403),
    ],
)
def test_only_requests_from_our_own_pages_can_change_anything(
    public_url: str, headers: Mapping[str, str], status: int
) -> None:
    answer = client(public_url).post("/form", content="a=1", headers={**FORM, **headers})
    assert answer.status_code == status


def test_reading_is_open_and_every_answer_has_the_headers() -> None:
    answer = client().get("/own")
    assert answer.headers["content-security-policy"] == "sandbox"
    for name, value in PAGE_HEADERS.items():
        assert name == "content-security-policy" or answer.headers[name] == value
    assert "unsafe" not in PAGE_HEADERS["content-security-policy"]
    refused = client().post("/form")
    assert refused.headers["content-security-policy"] == PAGE_HEADERS["content-security-policy"]


@pytest.mark.parametrize(
    ("scheme", "public_url", "is_sent"),
    [("https", "", True), ("http", "https://desk.example", True), ("http", "http://desk.example", False)],
)
def test_browsers_that_use_https_are_told_to_use_nothing_else(scheme: str, public_url: str, *, is_sent: bool) -> None:
    app = PageHeaders(PlainTextResponse("x"), public_url=public_url)
    answer = TestClient(app, base_url=f"{scheme}://desk.example").get("/")
    assert answer.headers.get("strict-transport-security", "").startswith("max-age=63072000") is is_sent


def stream() -> Iterator[bytes]:
    yield b"a=" + b"x" * 150
    yield b"x" * 150


@pytest.mark.parametrize(
    ("content", "kind", "expected"),
    [
        ("a=1&b=%E0%A4%95&c=", FORM["content-type"], {"a": "1", "b": "क", "c": ""}),
        ("a=1&a=2", "application/x-www-form-urlencoded; charset=utf-8", {"a": "2"}),
        ("", FORM["content-type"], {}),
        ("a=" + "x" * 300, FORM["content-type"], 413),
        (stream(), FORM["content-type"], 413),
        ("&".join("a" for _ in range(101)), FORM["content-type"], 400),
        ("a&" * 95 + "a=1&b=2&c=3&d=4&", FORM["content-type"], {"a": "1", "b": "2", "c": "3", "d": "4"}),
        ("a=%FF", FORM["content-type"], 400),
        ("क=1".encode(), FORM["content-type"], 400),
        ("--x", "multipart/form-data; boundary=x", 415),
        ("a=1", "", 415),
    ],
)
def test_forms_are_read_in_memory_and_within_limits(content: object, kind: str, expected: object) -> None:
    headers = {"content-type": kind, "sec-fetch-site": "same-origin"}
    answer = client().post("/form", content=content, headers=headers)  # type: ignore[arg-type]
    assert (answer.json() if answer.status_code == 200 else answer.status_code) == expected


@pytest.mark.parametrize(
    ("origin", "status", "said"),
    [
        ("http://testserver", 200, "reached"),
        ("http://satark2345.onion", 200, "reached"),
        ("http://other.onion", 403, "in your language"),
        ("null", 403, "in your language"),
    ],
)
def test_a_further_address_of_the_site_counts_as_our_own(origin: str, status: int, said: str) -> None:
    refusal = PlainTextResponse("in your language", 403)
    app = SameOrigin(PlainTextResponse("reached"), others=["http://satark2345.onion"], refusal=refusal)
    answer = TestClient(app).post("/", headers={"origin": origin})
    assert (answer.status_code, answer.text) == (status, said)


PIECES = (b"0123", b"45", b"6789")


def ask(wanted: str | None, closed: list[str] | None = None) -> Response:
    """Stream ten bytes in three pieces. `closed` is set when no byte is read any more."""

    def opened() -> Iterator[bytes]:
        try:
            yield from PIECES
        finally:
            if closed is not None:
                closed.append("closed")

    return stream_file(opened(), media_type="audio/ogg", size=10, wanted=wanted)


async def body(response: Response) -> bytes:
    assert isinstance(response, StreamingResponse)
    return b"".join([piece async for piece in response.body_iterator if isinstance(piece, bytes)])


@pytest.mark.parametrize(
    ("wanted", "content", "said"),
    [
        ("bytes=0-", b"0123456789", "bytes 0-9/10"),
        ("bytes=0-0", b"0", "bytes 0-0/10"),
        ("bytes=3-4", b"34", "bytes 3-4/10"),
        ("bytes=5-", b"56789", "bytes 5-9/10"),
        ("bytes=4-99", b"456789", "bytes 4-9/10"),
        ("bytes=-3", b"789", "bytes 7-9/10"),
        ("bytes=-99", b"0123456789", "bytes 0-9/10"),
    ],
)
async def test_a_range_request_gets_that_part_of_the_file(wanted: str, content: bytes, said: str) -> None:
    closed: list[str] = []
    response = ask(wanted, closed)
    assert (response.status_code, response.headers["content-range"]) == (206, said)
    assert response.headers["content-length"] == str(len(content))
    assert await body(response) == content
    assert closed == ["closed"]


@pytest.mark.parametrize(
    "wanted", ["", "bytes=10-", "bytes=5-4", "bytes=-0", "bytes=-", "bytes=0-1,4-5", "items=0-1", "bytes=0-" + "9" * 99]
)
async def test_an_invalid_range_gets_the_whole_file(wanted: str) -> None:
    response = ask(wanted)
    assert (response.status_code, response.headers["accept-ranges"]) == (200, "bytes")
    assert response.headers["content-length"] == "10"
    assert "content-range" not in response.headers
    assert await body(response) == b"0123456789"


def test_a_file_without_range_support_offers_no_ranges() -> None:
    assert "accept-ranges" not in ask(None).headers


@pytest.mark.parametrize("wanted", [None, "", "bytes=0-3"])
def test_a_file_response_has_only_these_headers(wanted: str | None) -> None:
    """A file response has no ETag, which is a hash that nobody else may recognise, and no time."""
    usual = {"content-length", "content-type", "content-security-policy", "cache-control", "x-content-type-options"}
    ranged = {None: set(), "": {"accept-ranges"}, "bytes=0-3": {"accept-ranges", "content-range"}}
    assert set(ask(wanted).headers) == usual | ranged[wanted]


def test_help_describes_a_page() -> None:
    assert "app" in pydoc.render_doc(Page)
