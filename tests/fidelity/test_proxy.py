"""The mail server stand-in behind the balancer: headers from its address only, and mail only where a node is fit."""

import http.server
import smtplib
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from email import message_from_bytes
from typing import Any
from unittest.mock import patch

import pytest

from tests.standins.balancer import Balancer, HealthCheck, Service, header
from tests.standins.foundationdb.client import Store
from tests.standins.stalwart import proxy, smtp
from tests.standins.stalwart.defaults import FIELDS
from tests.standins.stalwart.node import Node
from tests.standins.stalwart.server import certificate, open_listener

from .conftest import Cluster, _free_port, _until

BALANCER, PERSON, NODES = "127.0.0.2", "127.0.0.3", ("127.0.0.11", "127.0.0.12")
LISTED = {f"{BALANCER}/32": True}
MESSAGE = "Subject: hello\r\n\r\nhello\r\n"


class Health(http.server.BaseHTTPRequestHandler):
    """A probe that says what it was told to say."""

    states: dict[str, int]

    def do_GET(self) -> None:  # the base class calls it so
        here = self.connection.getsockname()[0]
        self.send_response(self.states[here] if self.path == "/ready" else 404)
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  # the base class calls it so
        """Quiet."""


class Bench:
    """One mail server that listens on two addresses, with ports and settings of the test's choice."""

    def __init__(self, node: Node, account: str, until: ExitStack) -> None:
        self.node, self.account = node, account
        self._until = until
        self._context = certificate(node.hostname)

    def listen(self, protocol: str = "smtp", *, implicit: bool = False, own: dict[str, bool] | None = None) -> int:
        """Open a listener of a kind; its port."""
        port = _free_port()
        if protocol == "smtp":
            # Stands for 25, where the world hands in.
            self._until.enter_context(patch.object(smtp, "WORLD_PORT", port))
        listener = {
            **FIELDS["NetworkListener"],
            "name": protocol,
            "protocol": protocol,
            "tlsImplicit": implicit,
            "overrideProxyTrustedNetworks": own or {},
            "bind": {f"{address}:{port}": True for address in NODES},
        }
        for server in open_listener(self.node, listener, self._context):
            self._until.callback(server.server_close)
            self._until.callback(server.shutdown)
        return port

    def trust(self, networks: dict[str, bool]) -> None:
        """Store the networks and put them in force, as far as a reload does."""
        self.node.registry.update("SystemSettings", "singleton", {"proxyTrustedNetworks": networks})
        self.node.reload()

    def received(self) -> str:
        """The line of the newest mail that says who brought it."""
        message = message_from_bytes(self.node.mail.all(self.account)[-1].raw)
        return " ".join(message["Received"].split())


@pytest.fixture
def bench(cluster: Callable[[int], Cluster], monkeypatch: pytest.MonkeyPatch) -> Iterator[Bench]:
    """A server with one mailbox, which trusts the balancer."""
    one = cluster(1)
    _until(lambda: one.run("configure new single ssd-2", seconds=2)[0] == 0, "the database")
    monkeypatch.setenv("STALWART_HOSTNAME", "n1.mail.example.org")
    node = Node(Store(str(one.file), 5))
    node.start()
    domain = node.registry.create("Domain", {"name": "example.org"})
    account = node.registry.create("Account", {"name": "anna", "domainId": domain})
    with ExitStack() as until:
        until.callback(node.ended.set)
        made = Bench(node, account, until)
        made.trust(LISTED)
        yield made


@pytest.fixture
def states() -> Iterator[tuple[int, dict[str, int]]]:
    """The port of a probe per node, and what each of them says."""
    port, states = _free_port(), dict.fromkeys(NODES, 200)
    handler = type("Handler", (Health,), {"states": states})
    with ExitStack() as until:
        for address in NODES:
            server = until.enter_context(http.server.ThreadingHTTPServer((address, port), handler))
            threading.Thread(target=server.serve_forever, daemon=True).start()
            until.callback(server.shutdown)
        yield port, states


def said_first(port: int, source: str, sent: bytes = b"") -> bytes:
    """What a server says to somebody at `source`; empty when it drops the connection."""
    with socket.create_connection((NODES[0], port), 5, (source, 0)) as connection, suppress(ConnectionError):
        connection.sendall(sent)
        return connection.recv(100)
    return b""


def hand_in(host: str, port: int, source: str = PERSON) -> None:
    with smtplib.SMTP(host, port, "here", 10, (source, 0)) as session:
        session.sendmail("bob@example.net", ["anna@example.org"], MESSAGE)


@pytest.mark.parametrize("version", [1, 2])
def test_a_mail_through_the_balancer_comes_from_the_person_who_sent_it(
    bench: Bench, states: tuple[int, dict[str, int]], version: int
) -> None:
    service = Service(_free_port(), bench.listen(), version)
    with Balancer([BALANCER], [service], HealthCheck(states[0], interval=0.1), NODES, BALANCER) as balancer:
        _until(lambda: all(balancer.health.values()), "healthy targets")
        hand_in(BALANCER, service.port)
        assert bench.received().startswith(f"from here (unknown [{PERSON}]) ")
        hand_in(BALANCER, service.port)
        assert balancer.taken == dict.fromkeys(NODES, 1), "one after the other"


def test_a_node_that_is_not_fit_gets_no_connection_until_it_is(
    bench: Bench, states: tuple[int, dict[str, int]]
) -> None:
    port, said = states
    said[NODES[0]] = 503
    service = Service(_free_port(), bench.listen())
    with Balancer([BALANCER], [service], HealthCheck(port, interval=0.1), NODES, BALANCER) as balancer:
        _until(lambda: balancer.health == {NODES[0]: False, NODES[1]: True}, "the health of both")
        for _ in range(3):
            hand_in(BALANCER, service.port)
        assert balancer.taken == {NODES[1]: 3}
        said[NODES[0]] = 200
        _until(lambda: balancer.health[NODES[0]] is True, "the node to be healthy again")
        hand_in(BALANCER, service.port)
        hand_in(BALANCER, service.port)
        assert balancer.taken[NODES[0]] == 1


def test_targets_change_while_the_balancer_runs(bench: Bench, states: tuple[int, dict[str, int]]) -> None:
    service = Service(_free_port(), bench.listen())
    with Balancer([BALANCER], [service], HealthCheck(states[0], interval=0.1), source=BALANCER) as balancer:
        with pytest.raises(smtplib.SMTPServerDisconnected):
            hand_in(BALANCER, service.port)
        balancer.set_targets(NODES[1:])
        _until(lambda: balancer.health == {NODES[1]: True}, "the new target")
        hand_in(BALANCER, service.port)
        assert balancer.taken == {NODES[1]: 1}


def test_the_balancers_address_without_a_header_is_dropped(bench: Bench) -> None:
    port = bench.listen()
    assert said_first(port, BALANCER, b"EHLO balancer\r\n") == b""
    assert said_first(port, BALANCER, b"PROXY TCP4 nobody nowhere 1 2\r\n") == b""
    service = Service(_free_port(), port, proxy=0)
    with Balancer([BALANCER], [service], HealthCheck(1), source=BALANCER) as balancer:
        balancer._health = {NODES[0]: True}
        with socket.create_connection((BALANCER, service.port), 5) as connection:
            connection.sendall(b"EHLO balancer\r\n")
            assert connection.recv(100) == b""


def test_other_peers_are_greeted_at_once_and_their_header_is_garbage(bench: Bench) -> None:
    port = bench.listen()
    assert said_first(port, PERSON).startswith(b"220 ")
    with socket.create_connection((NODES[0], port), 5, (PERSON, 0)) as connection:
        stream = connection.makefile("rwb")
        stream.readline()
        stream.write(header(1, ("192.0.2.7", 1), (NODES[0], port)))
        stream.flush()
        assert stream.readline() == b"500 5.5.1 Invalid command.\r\n"
    hand_in(NODES[0], port)
    assert bench.received().startswith(f"from here (unknown [{PERSON}]) ")


def test_a_listener_goes_by_the_networks_it_was_started_with(bench: Bench) -> None:
    bench.trust({})
    before = bench.listen()
    bench.trust(LISTED)
    assert said_first(before, BALANCER).startswith(b"220 "), "a reload changes no open listener"
    after = bench.listen()
    assert said_first(after, BALANCER, b"EHLO balancer\r\n") == b""


def test_a_listeners_own_networks_stand_in_place_of_those_of_the_system(bench: Bench) -> None:
    exempt = bench.listen(own={"192.0.2.1/32": True})
    assert said_first(exempt, BALANCER).startswith(b"220 ")
    strict = bench.listen(own={f"{PERSON}/32": True})
    assert said_first(strict, BALANCER).startswith(b"220 ")
    assert said_first(strict, PERSON, b"EHLO me\r\n") == b""


@pytest.mark.parametrize(
    ("kind", "sent", "greeting"),
    [
        ("smtp with TLS", b"", b"220 "),
        ("imap with TLS", b"", b"* OK "),
        ("manageSieve", b"", b'"IMPLEMENTATION"'),
        ("http", b"GET /healthz/live HTTP/1.0\r\n\r\n", b"HTTP/1.1 200 "),
        ("http with TLS", b"GET /healthz/live HTTP/1.0\r\n\r\n", b"HTTP/1.1 200 "),
    ],
)
def test_every_kind_of_listener_wants_the_header_before_anything_else(
    bench: Bench, kind: str, sent: bytes, greeting: bytes
) -> None:
    implicit = kind.endswith(" with TLS")
    port = bench.listen(kind.removesuffix(" with TLS"), implicit=implicit)
    assert said_first(port, BALANCER, b"\x16\x03\x01\x02\x00\x01" if implicit else b"GET / HTTP/1.0\r\n\r\n") == b""
    unchecked = ssl.create_default_context()
    unchecked.check_hostname, unchecked.verify_mode = False, ssl.CERT_NONE
    for source in (BALANCER, PERSON):
        with socket.create_connection((NODES[0], port), 5, (source, 0)) as connection:
            if source == BALANCER:
                connection.sendall(header(2, ("192.0.2.7", 4711), (NODES[0], port)))
            stream = unchecked.wrap_socket(connection) if implicit else connection
            stream.sendall(sent)
            assert stream.recv(100).startswith(greeting), source
            stream.close()


@pytest.mark.parametrize(
    ("sent", "address"),
    [
        (header(1, ("192.0.2.7", 4711), ("192.0.2.1", 25)), ("192.0.2.7", 4711)),
        (header(2, ("192.0.2.7", 4711), ("192.0.2.1", 25)), ("192.0.2.7", 4711)),
        (header(1, ("2001:db8::7", 4711), ("2001:db8::1", 25)), ("2001:db8::7", 4711)),
        (header(2, ("2001:db8::7", 4711), ("2001:db8::1", 25)), ("2001:db8::7", 4711)),
        (b"PROXY UNKNOWN\r\n", ("::ffff:127.0.0.2", 9)),
        (b"\r\n\r\n\0\r\nQUIT\n\x20\x00\x00\x03\x04\x00\x00", ("::ffff:127.0.0.2", 9)),
    ],
)
def test_a_header_is_read_to_its_end_and_no_further(sent: bytes, address: tuple[str, int]) -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.sendall(sent + b"EHLO")
        assert proxy.client(theirs, ("::ffff:127.0.0.2", 9), proxy.trusted({}, LISTED)) == address
        assert theirs.recv(100) == b"EHLO"
