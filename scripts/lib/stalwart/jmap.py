"""The mail server's administration over HTTP (JMAP), with every refusal turned into an exception.

The server answers 200 to a request whose parts it refused: `notCreated`, `notUpdated`, `notDestroyed` and `error`
stand in the body. Nothing here repeats a value that was sent, because passwords are among them.
"""

import base64
import http.client
import json
import ssl
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

Call = tuple[str, Mapping[str, Any]]
Answer = dict[str, Any]

CAPABILITIES = ("urn:ietf:params:jmap:core", "urn:ietf:params:jmap:mail", "urn:stalwart:jmap")
SENDING = ("urn:ietf:params:jmap:core", "urn:ietf:params:jmap:mail", "urn:ietf:params:jmap:submission")

# The server takes at most so many calls in a request.
MOST_CALLS = 16
_HTTP_OK, _HTTP_UNAUTHORIZED = 200, 401
_HICCUP_SECONDS = 30.0


class Unreachable(Exception):  # noqa: N818  # reads as what it is
    """No answer, or none in time."""


class Unauthorized(Exception):  # noqa: N818  # reads as what it is
    """The login or the password is not accepted."""


class Refused(Exception):  # noqa: N818  # reads as what it is
    """The server refused a part of a request. `kind` is its error type, `target` the object it names, `reference` the
    part by the name or id that the request had for it.
    """

    def __init__(self, method: str, detail: Mapping[str, Any], reference: str = "") -> None:
        self.reference = reference
        self.kind = str(detail.get("type", "unknown"))
        named = detail.get("objectId") or {}
        self.target = str(named.get("object", ""))
        self.target_id = str(named.get("id", ""))
        super().__init__(f"{method} was refused: {_reason(detail)}")


class Client:
    """One account on one server. Certificates are not checked: inside a cluster they are the nodes' own."""

    def __init__(
        self, base: str, login: str, password: str, seconds: float = 30, patience: float = _HICCUP_SECONDS
    ) -> None:
        self._target = urlsplit(base)
        token = base64.b64encode(f"{login}:{password}".encode()).decode()
        self._headers = {"Authorization": f"Basic {token}", "Content-Type": "application/json"}
        self._seconds = seconds
        self._patience = patience

    def session(self) -> Answer:
        """The session object: proves that the server answers and the password is right."""
        return self._exchange("GET", "/jmap/session", None)

    def call(self, *calls: Call, account: str | None = None, using: Sequence[str] = CAPABILITIES) -> list[Answer]:
        """The answers to some method calls, in their order. A passing trouble with the store is tried again.

        Raises:
            Refused: the first part that the server did not do.
        """
        answers = self._insist(calls, account, using)
        for (method, _), answer in zip(calls, answers, strict=True):
            for reference, detail in _undone(answer):
                raise Refused(method, detail, reference)
        return answers

    def outcome(self, call: Call) -> Answer:
        """The answer to one call, with what the server did not do of it still in it: `reasons` tells.

        Raises:
            Refused: the call as a whole.
        """
        (answer,) = self._insist([call], None, CAPABILITIES)
        return answer

    def _insist(self, calls: Sequence[Call], account: str | None, using: Sequence[str]) -> list[Answer]:
        end = time.monotonic() + self._patience
        while True:
            try:
                return self._call(calls, account, using)
            except Refused as refusal:
                if refusal.kind != "serverUnavailable" or time.monotonic() > end:
                    raise
                time.sleep(0.5)

    def _call(self, calls: Sequence[Call], account: str | None, using: Sequence[str]) -> list[Answer]:
        answers: list[Answer] = []
        for start in range(0, len(calls), MOST_CALLS):
            part = calls[start : start + MOST_CALLS]
            given = [
                [method, {"accountId": account, **arguments} if account else dict(arguments), str(index)]
                for index, (method, arguments) in enumerate(part)
            ]
            body = self._exchange("POST", "/jmap", {"using": list(using), "methodCalls": given})
            for (method, _), (name, answer, _tag) in zip(part, _first(body.get("methodResponses", [])), strict=True):
                if name == "error":
                    raise Refused(method, answer)
                answers.append(answer)
        return answers

    def _exchange(self, verb: str, path: str, body: Any) -> Answer:  # noqa: ANN401  # any JSON
        host, port = self._target.hostname or "", self._target.port
        connection: http.client.HTTPConnection
        if self._target.scheme == "https":
            context = ssl.create_default_context()
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
            connection = http.client.HTTPSConnection(host, port, timeout=self._seconds, context=context)
        else:
            connection = http.client.HTTPConnection(host, port, timeout=self._seconds)
        try:
            connection.request(verb, path, None if body is None else json.dumps(body), self._headers)
            answer = connection.getresponse()
            text = answer.read()
        except (OSError, http.client.HTTPException) as error:
            raise Unreachable(f"{host}:{port} does not answer: {error}") from None
        finally:
            connection.close()
        if answer.status == _HTTP_UNAUTHORIZED:
            raise Unauthorized(f"{host}:{port} does not accept the login")
        if answer.status != _HTTP_OK:
            raise Unreachable(f"{host}:{port} answered {answer.status} {answer.reason}")
        found = json.loads(text)
        return found if isinstance(found, dict) else {}


def _first(responses: Sequence[Sequence[Any]]) -> list[Sequence[Any]]:
    """One response to each call: a call that carries out another in its wake has a second one, under the same tag."""
    return [one for index, one in enumerate(responses) if not index or one[2] != responses[index - 1][2]]


def reasons(answer: Answer) -> list[tuple[str, str]]:
    """What was not done: the name or id that the request had for it, and the server's reason."""
    return [(reference, _reason(detail)) for reference, detail in _undone(answer)]


def _undone(answer: Answer) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for verb in ("notCreated", "notUpdated", "notDestroyed"):
        yield from (answer.get(verb) or {}).items()


def _reason(detail: Mapping[str, Any]) -> str:
    """The server's words for a refusal. Nothing that was sent is in them."""
    named = detail.get("objectId") or {}
    properties = ", ".join(detail.get("properties", []))
    parts = [
        str(detail.get("type", "unknown")),
        properties and f"in {properties}",
        named and f"of {named.get('object', '')}",
        str(detail.get("description") or ""),
    ]
    return " ".join(part for part in parts if part)
