"""The evidence pack as a page: whole, printable, and harmless whatever stands in it."""

import html
import re
from html.parser import HTMLParser

import httpx
import pytest

from app.api.page import wants_page
from tests.api.conftest import Client

EVIL = '<script>alert(1)</script><img src=x onerror=alert(2)>" onload="alert(3) {{ 7*7 }} </pre></title>'
ASKED = {"question": f"E73-B {EVIL}", "log": EVIL, "attachments": [{"name": EVIL, "text": EVIL}]}
TAGS = {"html", "head", "meta", "title", "style", "body", "a", "table", "thead", "tbody", "tr", "th", "td", "h1", "h2"}
TAGS |= {"h3", "ul", "ol", "li", "p", "b", "br", "span", "section", "pre", "code"}
ATTRIBUTES = {"lang", "charset", "http-equiv", "content", "name", "class", "id", "href", "scope"}


class Seen(HTMLParser):
    """What a browser would make of it."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.open: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.text = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        if tag not in ("meta", "br"):
            self.open.append(tag)
        self.attributes += attributes

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


async def made(client: httpx.AsyncClient, body: dict[str, object] | None = None, **headers: str) -> httpx.Response:
    run = (await client.post("/api/v1/debug", json=body or ASKED, headers=headers)).json()["run_id"]
    return await client.get(f"/api/v1/runs/{run}.html", headers=headers)


async def test_what_somebody_wrote_is_text(client: httpx.AsyncClient) -> None:
    reply = await made(client)
    assert reply.status_code == 200
    seen = Seen(reply.text)
    assert set(seen.tags) <= TAGS
    assert {name for name, _ in seen.attributes} <= ATTRIBUTES
    assert seen.open == []
    assert EVIL in seen.text
    assert html.escape("<script>") in reply.text


async def test_it_loads_nothing_and_says_so(client: httpx.AsyncClient) -> None:
    reply = await made(client)
    links = [value or "" for name, value in Seen(reply.text).attributes if name == "href"]
    assert links
    assert all(link.startswith("#") for link in links)
    assert "url(" not in reply.text
    assert "@import" not in reply.text
    policy = reply.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert policy.split(";")[1] in html.unescape(reply.text)
    assert reply.headers["x-content-type-options"] == "nosniff"
    assert reply.headers["cache-control"] == "private, no-store"


async def test_every_link_leads_somewhere_in_the_page(client: httpx.AsyncClient) -> None:
    seen = Seen((await made(client, {"question": "E73-B after the brake test?"})).text)
    places = {value for name, value in seen.attributes if name == "id"}
    assert {(value or "")[1:] for name, value in seen.attributes if name == "href"} <= places


async def test_it_tells_what_the_pack_holds(client: httpx.AsyncClient) -> None:
    body = {"question": "E73-B after the brake test?", "asset": {"vehicle_class": "425"}}
    reply = await made(client, body)
    run = re.search(r"Evidence pack ([0-9a-f-]{36})", reply.text)
    assert run
    pack = (await client.get(f"/api/v1/runs/{run[1]}")).json()["pack"]
    told = Seen(reply.text).text
    for wanted in (
        pack["diagnosis"]["summary"],
        pack["diagnosis"]["analyzer"],
        pack["identity"]["digest"],
        pack["code"],
        *(source["digest"] for source in pack["sources"]),
        *(each["statement"]["text"] for each in pack["statements"]),
        *(passage["text"].strip() for passage in pack["diagnosis"]["passages"]),
    ):
        assert wanted in told


async def test_the_page_comes_by_negotiation_too(client: httpx.AsyncClient) -> None:
    run = (await client.post("/api/v1/debug", json={"question": "E73-B"})).json()["run_id"]
    page = await client.get(f"/api/v1/runs/{run}", headers={"accept": "text/html,application/xhtml+xml,*/*;q=0.8"})
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    plain = await client.get(f"/api/v1/runs/{run}")
    assert plain.headers["content-type"] == "application/json"


@pytest.mark.parametrize(
    ("accept", "wanted"),
    [
        (None, False),
        ("*/*", False),
        ("text/html", True),
        ("application/json, text/html", False),
        ("application/json;q=0.5, text/html;q=0.9", True),
        ("text/html;q=nonsense", False),
    ],
)
def test_json_is_the_default(accept: str | None, wanted: bool) -> None:
    assert wants_page(accept) is wanted


async def test_a_held_step_is_not_on_the_page_and_no_other_s_run_is(serving: Client) -> None:
    async with serving() as client:
        services = client.services  # type: ignore[attr-defined]
        _, anna = await services.create_key("anna", ["ask"], None)
        _, boris = await services.create_key("boris", ["ask"], None)
        _, chief = await services.create_key("chief", ["ask", "approve"], None)
        body, headers = {"question": "E43-A: what do I check?"}, {"authorization": f"Bearer {anna}"}
        reply = await client.post("/api/v1/debug", json=body, headers=headers)
        assert reply.json()["verdict"] == "awaiting_approval"
        run = reply.json()["run_id"]
        page = await client.get(f"/api/v1/runs/{run}.html", headers=headers)
        decision = {"decision": "approve", "reason": "seen"}
        answer = await client.post(
            f"/api/v1/approvals/{run}", json=decision, headers={"authorization": f"Bearer {chief}"}
        )
        held = [step["text"] for step in answer.json()["steps"] if step["action"] in ("isolate", "operate")]
        assert held
        assert not any(html.escape(text) in page.text for text in held)
        released = await client.get(f"/api/v1/runs/{run}.html", headers=headers)
        assert all(text in Seen(released.text).text for text in held)
        assert "chief" in Seen(released.text).text
        other = await client.get(f"/api/v1/runs/{run}.html", headers={"authorization": f"Bearer {boris}"})
        assert other.status_code == 404


async def test_a_run_without_an_answer_has_a_page(client: httpx.AsyncClient) -> None:
    from app.core.principal import LOCAL
    from app.core.question import Question

    await client.services.runs.accept(LOCAL, "r1", Question("E73-B"))  # type: ignore[attr-defined]
    reply = await client.get("/api/v1/runs/r1.html")
    assert "This run has no answer." in reply.text
