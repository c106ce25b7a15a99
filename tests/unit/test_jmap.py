"""An answer of 200 that refuses is a refusal; what was sent is never repeated. Answers as recorded from 0.16.18."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from lib.stalwart.jmap import Client, Refused, Unauthorized, Unreachable

RECORDINGS = Path(__file__).parents[1] / "recordings" / "stalwart"


class Server:
    """Answers each request with the next of some answers."""

    def __init__(self) -> None:
        self.answers: list[tuple[int, Any]] = []
        self.requests: list[Any] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                outer.requests.append(json.loads(body))
                status, answer = outer.answers.pop(0)
                text = json.dumps(answer).encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)

            def log_message(self, *arguments: Any) -> None:
                """Quiet."""

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.http.serve_forever, daemon=True).start()

    @property
    def client(self) -> Client:
        return Client(f"http://127.0.0.1:{self.http.server_port}", "admin@dev.test", "s3cret-s3cret", seconds=5)

    def say(self, *recordings: str) -> None:
        for name in recordings:
            (path,) = RECORDINGS.glob(f"{name}-*.json")
            found = json.loads(path.read_text())
            self.answers.append((int(found["http"]), found["response"]))


@pytest.fixture
def server() -> Iterator[Server]:
    running = Server()
    yield running
    running.http.shutdown()
    running.http.server_close()


def test_what_was_done_is_returned(server: Server) -> None:
    server.say("04")
    created, updated = server.client.call(("x:Domain/set", {}), ("x:SystemSettings/set", {}))
    assert created["created"]["d"]["id"] == "b"
    assert updated["updated"] == {"singleton": None}


@pytest.mark.parametrize(
    ("recording", "kind", "told"),
    [
        ("05", "primaryKeyViolation", "in name of Domain"),
        ("11", "primaryKeyViolation", "in email of Account"),
        ("17", "forbidden", "not authorized"),
    ],
)
def test_a_part_that_was_not_done_is_a_refusal(server: Server, recording: str, kind: str, told: str) -> None:
    server.say(recording)
    with pytest.raises(Refused, match=told) as refused:
        server.client.call(("x:Domain/set", {}))
    assert refused.value.kind == kind


def test_a_refused_password_is_not_in_the_message(server: Server) -> None:
    server.say("10")
    with pytest.raises(Refused, match="Password is too weak") as refused:
        server.client.call(("x:Account/set", {"create": {"a": {"credentials": {"0": {"secret": "Adm1n-Secret"}}}}}))
    assert "Adm1n" not in str(refused.value)


def test_a_wrong_password_is_told_from_a_server_that_is_away(server: Server) -> None:
    server.say("15")
    with pytest.raises(Unauthorized):
        server.client.call(("x:Domain/get", {}))
    with pytest.raises(Unreachable):
        Client("http://127.0.0.1:9", "a", "b", seconds=1).session()


def test_a_reload_that_fails_names_its_cause(server: Server) -> None:
    server.say("13")
    with pytest.raises(Refused) as refused:
        server.client.call(("x:Action/set", {}))
    assert refused.value.target == "SpamPyzor"


def test_a_store_that_is_away_for_a_moment_is_asked_again(server: Server) -> None:
    server.answers.append((200, {"methodResponses": [["error", {"type": "serverUnavailable"}, "0"]]}))
    server.answers.append((200, {"methodResponses": [["x:Domain/get", {"list": []}, "0"]]}))
    assert server.client.call(("x:Domain/get", {})) == [{"list": []}]
    assert len(server.requests) == 2


def test_a_long_list_of_calls_goes_in_requests_of_sixteen(server: Server) -> None:
    for size in (16, 4):
        server.answers.append((200, {"methodResponses": [["x:A/get", {"n": i}, str(i)] for i in range(size)]}))
    answers = server.client.call(*[("x:A/get", {})] * 20)
    assert len(answers) == 20
    assert [len(request["methodCalls"]) for request in server.requests] == [16, 4]
