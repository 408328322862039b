"""A model that costs the service nothing: OpenAI's chat protocol on bare asyncio, with a latency as asked.

`python -m tests.bench.service.model --port 9100`; `/latency` takes a number of milliseconds, `/count` tells how many
completions were asked for. It says back the first cause and the first test that stand in the prompt, so that an answer
can be proved by the passages that were sent.
"""

import argparse
import asyncio
import json
import re

import httptools

CAUSE = re.compile(r"The most frequent cause of (?:[^.\\]|\\.)+?\.")
TEST = re.compile(r"For E\d+-[A-D] (?:measure|compare|read|watch|count)(?:[^.\\]|\\.)+?\.")
NUMBER = re.compile(r"(?:\[|Passage )(\d+)[\]:]")  # how the prompts of the peers and ours number a passage
STREAMED = re.compile(rb'"stream"\s*:\s*true')
HEAD = "HTTP/1.1 200 OK\r\ncontent-type: {}\r\n{}\r\n\r\n"
USAGE = {"prompt_tokens": 900, "completion_tokens": 90, "total_tokens": 990}
PIECES = 16


class State:
    latency = 0.0
    asked = 0


def answer(body: str) -> str:
    said = [(kind, found.group()) for kind, form in (("cause", CAUSE), ("step", TEST)) if (found := form.search(body))]
    return json.dumps({"statements": [_statement(kind, text, _passage(body, text)) for kind, text in said]})


def _passage(body: str, text: str) -> int:
    """The number of the passage in which the sentence stands."""
    numbers = NUMBER.findall(body[: body.index(text)])
    return int(numbers[-1]) if numbers else 1


def _statement(kind: str, text: str, passage: int) -> dict[str, object]:
    blank = {"expected": None, "code": None, "language": None}
    action = "measure" if kind == "step" else None
    return {"kind": kind, "text": text, "citations": [passage], "quote": text, "action": action, **blank}


def whole(text: str) -> bytes:
    choice = {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": text}}
    body = json.dumps({**_base("chat.completion"), "choices": [choice], "usage": USAGE}).encode()
    return HEAD.format("application/json", f"content-length: {len(body)}").encode() + body


def streamed(text: str) -> bytes:
    step = -(-len(text) // PIECES) or 1
    deltas: list[dict[str, str]] = [{"role": "assistant", "content": ""}]
    deltas += [{"content": text[at : at + step]} for at in range(0, len(text), step)]
    base = _base("chat.completion.chunk")
    events = [{**base, "choices": [{"index": 0, "delta": delta, "finish_reason": None}]} for delta in deltas]
    events.append({**base, "choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]})
    events.append({**base, "choices": [], "usage": USAGE})
    body = "".join(f"data: {json.dumps(event)}\n\n" for event in events) + "data: [DONE]\n\n"
    chunked = f"{len(body.encode()):x}\r\n{body}\r\n0\r\n\r\n"
    return (HEAD.format("text/event-stream", "transfer-encoding: chunked") + chunked).encode()


def _base(kind: str) -> dict[str, object]:
    return {"id": "chatcmpl-bench", "object": kind, "created": 1, "model": "bench"}


class Connection(asyncio.Protocol):
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.WriteTransport)
        self.transport, self.parser = transport, httptools.HttpRequestParser(self)

    def data_received(self, data: bytes) -> None:
        self.parser.feed_data(data)

    def on_message_begin(self) -> None:
        self.url, self.body = b"", b""

    def on_url(self, url: bytes) -> None:
        self.url += url

    def on_body(self, body: bytes) -> None:
        self.body += body

    def on_message_complete(self) -> None:
        if self.url == b"/latency":
            State.latency = float(self.body) / 1000
            return self.send(whole(""))
        if self.url == b"/count":
            count = str(State.asked)
            return self.send(f"{HEAD.format('text/plain', f'content-length: {len(count)}')}{count}".encode())
        State.asked += 1
        text = answer(json.loads(self.body)["messages"][-1]["content"])
        reply = streamed(text) if STREAMED.search(self.body) else whole(text)
        asyncio.get_running_loop().call_later(State.latency, self.send, reply)

    def send(self, reply: bytes) -> None:
        if not self.transport.is_closing():
            self.transport.write(reply)


async def serve(port: int) -> None:
    server = await asyncio.get_running_loop().create_server(Connection, "127.0.0.1", port, backlog=1024)
    await server.serve_forever()


if __name__ == "__main__":
    options = argparse.ArgumentParser()
    options.add_argument("--port", type=int, required=True)
    asyncio.run(serve(options.parse_args().port))
