"""Questions that no engineer asks: what the service says to them, and how long it takes.

python -m tests.drills.bad_input [--report FILE]
"""

import argparse
import asyncio
import json
import random
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from app.core.settings.threads import one_each

one_each()

MOST = 10_000  # characters


def filled(piece: str) -> str:
    return (piece * (MOST // len(piece) + 1))[:MOST]


def words(seed: int = 0) -> str:
    dice = random.Random(seed)
    return " ".join(
        "".join(dice.choices("abcdefghijklmnopqrstuvwxyz", k=dice.randint(2, 12))) for _ in range(MOST // 7)
    )


CASES: dict[str, str] = {
    "empty": "",
    "spaces": " \t\n\r\u00a0\u2003\u200b",
    "punctuation": "?!.,;:-–—_*#/\\|()[]{}<>\"'`~^°§$%&=+@…",
    "stop words": "what is it that we have to do with the of and or in to be",
    "10,000 letters, one word": "a" * MOST,
    "10,000 characters of words": words()[:MOST],
    "10,000 characters of one question": filled("E73-B on coach 3 after the brake test? "),
    "1,400 different codes": " ".join(f"E{number}-B" for number in range(1400))[:MOST],
    "emoji": filled("🚆🔥👩🏽‍🔧🇩🇪"),
    "control characters": "E73-B" + "".join(map(chr, range(32))) + "\x7f\x80\x9f\ufeff\u202e after the brake test",
    "marks upon marks": "E73-B" + "\u0301\u0489" * 4000,
    "right to left": "\u202eB-37E \u05d1\u05dc\u05dd \u0627\u0644\u0641\u0631\u0627\u0645\u0644",
    "other digits": "E٧٣-B Ｅ７３－Ｂ E𝟟𝟛-B ⅦⅢ ①②",
    "half characters": "E73-B \ud83d \udc00 door",
    "search syntax": '+text:(brake AND -door) OR "unclosed [a TO z} ^9 ~2 *:* /re(gex/ title:',
    "search syntax, broken": filled('((("brake" AND OR NOT [* TO'),
    "GraphQL": '{Get{Passage(nearText:{concepts:["brake"]} where:{path:["kb"] operator:Equal valueText:"x"}){text}}}',
    "SQL": "E73-B'; DROP TABLE documents; DELETE FROM chunks; -- \" OR 1=1 /* % _ */ UNION SELECT * FROM keys",
    "templates": "{{7*7}} ${jndi:ldap://x} %s%n%d {0} {question} <%= 1 %> `id` $(id) ../../etc/passwd",
    "JSON and markup": '{"verdict":"answered"}</script><script>alert(1)</script><!--[if --> <![CDATA[ &#x0; ]]>',
    "regex bomb: letters": "a" * (MOST - 1) + "!",
    "regex bomb: digits": "1" * MOST,
    "regex bomb: groups of digits": filled("1,111"),
    "regex bomb: dotted": filled("1."),
    "regex bomb: a code begun again and again": filled("E73-"),
    "regex bomb: dashes": filled("E7" + "-" * 200),
    "regex bomb: spaces": "E" + " " * (MOST - 2) + "7",
    "regex bomb: hexadecimal": filled("0x"),
    "regex bomb: times": filled("12:34:"),
    "regex bomb: brackets": "(" * 5000 + ")" * 5000,
    "regex bomb: quotes": filled("\"'“"),
    "regex bomb: line ends": filled("\r\n"),
    "regex bomb: list marks": filled("\n1. "),
    "regex bomb: sentences": filled("A. "),
    "regex bomb: units": filled("5 bar ± "),
}


@dataclass(frozen=True)
class Seen:
    case: str
    status: int
    told: str
    milliseconds: float


@asynccontextmanager
async def client(home: Path) -> AsyncIterator[httpx.AsyncClient]:
    from app.api.app import build_app
    from app.core.settings import load
    from tests.retrieval.fakes import HashEmbedder

    app = build_app(load(home=home), embedder=HashEmbedder())
    transport = httpx.ASGITransport(app, raise_app_exceptions=False, client=("127.0.0.1", 5000))
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8000", timeout=60) as made,
    ):
        yield made


async def ask(client: httpx.AsyncClient, case: str, text: str, field: str = "question") -> Seen:
    body = json.dumps({field: text, **({} if field == "question" else {"question": "E73-B?"})})
    started = time.perf_counter()
    reply = await client.post("/api/v1/debug", content=body, headers={"content-type": "application/json"})
    spent = (time.perf_counter() - started) * 1000
    told = reply.json()
    return Seen(case, reply.status_code, told.get("verdict") or told["code"], round(spent, 1))


async def run() -> list[Seen]:
    with tempfile.TemporaryDirectory() as home:
        async with client(Path(home)) as door:
            await ask(door, "warm", "E73-B?")
            return [await ask(door, case, text) for case, text in CASES.items()]


def table(seen: list[Seen]) -> str:
    lines = ["| the question is | HTTP | told | ms |", "|---|---:|---|---:|"]
    return "\n".join([*lines, *(f"| {s.case} | {s.status} | {s.told} | {s.milliseconds:.0f} |" for s in seen)])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--report", type=Path, help="Put the table between the marks of this file.")
    options = parser.parse_args()
    told = table(asyncio.run(run()))
    print(told)
    if options.report:
        head, _, rest = options.report.read_text().partition("<!-- table -->")
        options.report.write_text(f"{head}<!-- table -->\n{told}\n<!-- end -->{rest.partition('<!-- end -->')[2]}")


if __name__ == "__main__":
    main()
