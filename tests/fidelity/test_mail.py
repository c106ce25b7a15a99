"""Mail in the mail server stand-in: taken, refused, signed, queued, filed, told of, and written by JMAP."""

import base64
import imaplib
import select
import smtplib
import socket
import ssl
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lib.coordinator.events import again
from lib.dns import ask
from lib.verify import by_jmap, setup

from tests.standins import smarthost
from tests.standins.dns.server import NameServer
from tests.standins.foundationdb.client import Store
from tests.standins.stalwart import autoconfig, broadcast, jmap, sight, smtp
from tests.standins.stalwart.defaults import FIELDS
from tests.standins.stalwart.node import Node
from tests.standins.stalwart.server import certificate, open_listener
from tests.standins.stalwart.trust.names import Names

from .conftest import Cluster, _free_port, _until

ZONES = {
    "example.org": '@ TXT "v=spf1 -all"\n',
    "forbids.example": '@ TXT "v=spf1 -all"\n_dmarc TXT "v=DMARC1; p=reject"\n',
    "elsewhere.example": "@ MX 10 relay.elsewhere.example.\nrelay A 127.0.0.1\n",
    "0.0.127.in-addr.arpa": "1 PTR relay.elsewhere.example.\n",
}
ANNA, PASSWORD = "anna@example.org", "Eleven grey horses"
UNCHECKED = ssl.create_default_context()
UNCHECKED.check_hostname, UNCHECKED.verify_mode = False, ssl.CERT_NONE
MAIL = f"From: {ANNA}\r\nTo: bob@elsewhere.example\r\nSubject: hello\r\n\r\nhello\r\n"


@dataclass
class House:
    """Nodes of a mail cluster that tell each other everything at once, and one person with a mailbox."""

    file: Path
    names: Names
    until: ExitStack
    nodes: list[Node] = field(default_factory=list)
    told: list[bytes] = field(default_factory=list)

    def node(self, hostname: str) -> Node:
        """One node more."""
        with patch.dict("os.environ", {"STALWART_HOSTNAME": hostname}):
            made = Node(Store(str(self.file), 5))
        made.names = self.names
        made.start()
        made.coordinator = self  # type: ignore[assignment]  # what it publishes all hear
        self.nodes.append(made)
        self.until.callback(made.ended.set)
        return made

    def publish(self, message: bytes) -> None:
        self.told.append(message)
        for node in self.nodes:
            node.heard(message)

    def listen(self, node: Node, protocol: str, *, implicit: bool = False) -> int:
        """Open a listener; its port."""
        port = _free_port()
        listener = {**FIELDS["NetworkListener"], "name": protocol, "protocol": protocol, "tlsImplicit": implicit}
        for server in open_listener(node, listener | {"bind": {f"127.0.0.1:{port}": True}}, certificate("n1")):
            self.until.callback(server.server_close)
            self.until.callback(server.shutdown)
        return port


@pytest.fixture
def house(cluster: Callable[[int], Cluster]) -> Iterator[House]:
    """A cluster without a node yet, in a small world."""
    one = cluster(1)
    _until(lambda: one.run("configure new single ssd-2", seconds=2)[0] == 0, "the database")
    with ExitStack() as until, NameServer(ZONES) as server:
        yield House(one.file, Names(ask.Names(resolvers=(("127.0.0.1", server.port),))), until)


@pytest.fixture
def node(house: House) -> Node:
    """The first node, where anna lives."""
    made = house.node("n1.mail.example.org")
    domain = made.registry.create("Domain", {"name": "example.org"})
    credentials = {"0": {"@type": "Password", "secret": PASSWORD}}
    made.registry.create("Account", {"name": "anna", "domainId": domain, "credentials": credentials})
    return made


def anna(node: Node) -> dict[str, Any]:
    found = node.people.login(ANNA, PASSWORD)
    assert found
    return found


def inbox(node: Node) -> list[str]:
    return [mail.subject for mail in node.mail.all(anna(node)["id"], "a")]


def queued(node: Node) -> list[dict[str, Any]]:
    return list(node.registry.all("QueuedMessage").values())


def asked(node: Node, who: dict[str, Any], *calls: tuple[str, dict[str, Any]]) -> list[dict[str, Any]]:
    """The answers to calls for one's own account."""
    named = [[method, {"accountId": who["id"], **arguments}, str(i)] for i, (method, arguments) in enumerate(calls)]
    request = {"methodCalls": named}
    return [answer for _, answer, _ in jmap.respond(node, who, request)["methodResponses"]]


def test_a_password_is_never_offered_in_clear_and_never_where_the_world_hands_in(house: House, node: Node) -> None:
    port = house.listen(node, "smtp")
    for world in (False, True):
        with patch.object(smtp, "WORLD_PORT", port if world else 25), smtplib.SMTP("127.0.0.1", port) as session:
            session.ehlo()
            assert "PLAIN" not in session.esmtp_features.get("auth", "")
            assert session.docmd("AUTH", "PLAIN AGEAYg==")[0] == (503 if world else 554)
            session.starttls(context=UNCHECKED)
            session.ehlo()
            assert ("PLAIN" in session.esmtp_features.get("auth", "")) != world


def test_people_hand_in_only_when_logged_in_and_in_their_own_name(house: House, node: Node) -> None:
    with smtplib.SMTP_SSL("127.0.0.1", house.listen(node, "smtp", implicit=True), context=UNCHECKED) as session:
        session.ehlo()
        assert session.mail(ANNA)[0] == 503
        session.login(ANNA, PASSWORD)
        assert session.mail("boss@example.org")[0] == 501
        session.sendmail(ANNA, [ANNA], MAIL)
    assert inbox(node) == ["hello"]


def test_a_stranger_reaches_only_who_lives_here(house: House, node: Node) -> None:
    port = house.listen(node, "smtp")
    with patch.object(smtp, "WORLD_PORT", port), smtplib.SMTP("127.0.0.1", port) as session:
        session.ehlo("localhost")
        session.mail("bob@elsewhere.example")
        assert session.rcpt("eve@elsewhere.example") == (550, b"5.1.2 Relay not allowed.")
        assert session.rcpt("nobody@example.org") == (550, b"5.1.2 Mailbox does not exist.")
        assert session.rcpt(ANNA)[0] == 250


@pytest.mark.parametrize("how", ["relaxed", "strict"])
def test_forged_mail_is_delivered_and_marked_as_the_server_comes_and_refused_when_told_to(
    house: House, node: Node, how: str
) -> None:
    port = house.listen(node, "smtp")
    verify = {"match": {"0": {"if": f"local_port == {port}", "then": how}}, "else": "disable"}
    node.registry.update("SenderAuth", "singleton", {"dmarcVerify": verify})
    node.reload()
    forged = MAIL.replace(ANNA, "board@forbids.example")
    with patch.object(smtp, "WORLD_PORT", port), smtplib.SMTP("127.0.0.1", port, "relay.elsewhere.example") as session:
        if how == "strict":
            with pytest.raises(smtplib.SMTPDataError, match="rejected per DMARC policy"):
                session.sendmail("board@forbids.example", [ANNA], forged)
            assert inbox(node) == []
            return
        session.sendmail("board@forbids.example", [ANNA], forged)
    (mail,) = node.mail.all(anna(node)["id"])
    assert b"dmarc=fail" in mail.raw


def test_the_first_attempt_asks_for_a_certificate_and_the_second_does_not(
    house: House, node: Node, tmp_path: Path
) -> None:
    relay = smarthost.serve("127.0.0.1", (0, 0), "secret", tmp_path, ["relay.elsewhere.example"])
    house.until.callback(relay.close)
    way = {"@type": "Relay", "name": "out", "address": "relay.elsewhere.example", "port": relay.ports[1]}
    login = {"authUsername": smarthost.LOGIN, "authSecret": {"@type": "Value", "secret": "secret"}}
    node.registry.create("MtaRoute", way | login)
    route = node.registry.all("MtaOutboundStrategy")["singleton"]["route"]
    node.registry.update("MtaOutboundStrategy", "singleton", {"route": route | {"else": "'out'"}})
    node.reload()
    _until(lambda: len(node.people.signers("example.org")) == 2, "keys")
    node.post.take(ANNA, ["bob@elsewhere.example"], MAIL.encode(), ("192.0.2.1", 465))

    def status() -> dict[str, Any]:
        return dict(queued(node)[0]["recipients"]["bob@elsewhere.example"])

    _until(lambda: status()["retryCount"] == 1, "the first attempt")
    assert (status()["status"]["@type"], status()["status"]["errorType"]) == ("TemporaryFailure", "tlsError")
    assert relay.taken() == []
    (identity,) = node.registry.all("QueuedMessage")
    now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    admin = {"id": "d333333", "name": "recovery", "roles": {"@type": "Admin"}}
    asked(node, admin, ("x:QueuedMessage/set", {"update": {identity: {"nextRetry": now}}}))
    _until(lambda: not queued(node), "the second attempt")
    (taken,) = relay.taken()
    assert (taken.sender, taken.greeting) == (ANNA, "n1.mail.example.org")
    assert taken.text.count("DKIM-Signature:") == 2


def test_what_cannot_be_delivered_for_good_comes_back(node: Node) -> None:
    node.post.take(ANNA, ["bob@nowhere.elsewhere.example"], MAIL.encode(), ("192.0.2.1", 465))
    _until(lambda: inbox(node) == ["Failed to deliver message"], "the bounce")
    assert queued(node) == []


@pytest.fixture
def kept() -> Iterator[float]:
    """Seconds for which a node keeps what it saw of the database: longer than any other step of a test takes."""
    with patch.object(sight, "_KEPT_SECONDS", 3.0):
        yield 3.0


@given(st.integers(0, 2**40), st.lists(st.integers(0, 2**40), min_size=3, max_size=3))
def test_what_nodes_tell_each_other_is_read_as_it_was_written(teller: int, numbers: list[int]) -> None:
    event = (broadcast.EMAIL, *numbers)
    assert broadcast.read(broadcast.written(teller, event)) == (teller, [event])


def test_who_idles_elsewhere_is_told_once_the_news_is_told_again(house: House, node: Node, kept: float) -> None:
    other = house.node("n2.mail.example.org")
    with imaplib.IMAP4_SSL("127.0.0.1", house.listen(other, "imap", implicit=True), ssl_context=UNCHECKED) as session:
        session.login(ANNA, PASSWORD)
        session.select("INBOX")
        session.send(b"a IDLE\r\n")
        assert session.readline().startswith(b"+")
        began = time.monotonic()
        node.filing.to_address(ANNA, MAIL.encode())
        mails = [message for message in house.told if broadcast.read(message)[1][0][0] == broadcast.EMAIL]
        assert select.select([session.sock], [], [], 0.3)[0] == []
        _until(lambda: time.monotonic() - began > kept + 0.1, "the version that it read to be too old")
        repeated = again(mails[-1])
        assert repeated
        other.heard(repeated)
        assert session.readline() == b"* 1 EXISTS\r\n"
        session.send(b"DONE\r\n")
        assert session.readline().startswith(b"a OK")


def test_a_script_is_put_over_tls_checked_and_files_what_comes(house: House, node: Node) -> None:
    with socket.create_connection(("127.0.0.1", house.listen(node, "manageSieve")), 5) as plain:
        session = plain.makefile("rwb")

        def say(line: str) -> str:
            session.write(line.encode() + b"\r\n")
            session.flush()
            while not (answer := session.readline().decode()).startswith(("OK", "NO")):
                pass
            return answer

        token = base64.b64encode(f"\0{ANNA}\0{PASSWORD}".encode()).decode()
        assert say(f'AUTHENTICATE "PLAIN" "{token}"').startswith("OK"), "the greeting"
        assert session.readline().startswith(b"NO"), "no password in clear"
        assert say("STARTTLS").startswith("OK")
        session = UNCHECKED.wrap_socket(plain).makefile("rwb")
        assert say("NOOP").startswith("OK"), "the second greeting"
        assert session.readline().startswith(b"NO"), "nothing before a login"
        assert say(f'AUTHENTICATE "PLAIN" "{token}"').startswith("OK")
        assert say('PUTSCRIPT "a" {9+}\r\nvacation;').startswith("NO")
        script = 'require ["fileinto", "mailbox"]; fileinto :create "Bills";'
        assert say(f'PUTSCRIPT "a" {{{len(script)}+}}\r\n{script}').startswith("OK")
        assert say('SETACTIVE "b"').startswith("NO")
        assert say('SETACTIVE "a"').startswith("OK")
        assert say('DELETESCRIPT "a"').startswith("NO"), "it is in force"
    node.filing.to_address(ANNA, MAIL.encode())
    owner = anna(node)["id"]
    assert inbox(node) == []
    folder = node.mail.folder(owner, "Bills")
    assert folder
    assert [mail.subject for mail in node.mail.all(owner, folder.id)] == ["hello"]


def test_what_one_node_makes_at_the_first_look_another_sees_later(house: House, node: Node, kept: float) -> None:
    other = house.node("n2.mail.example.org")
    who = anna(node)
    assert other.sight.version() > time.time() - kept
    (made,) = asked(node, who, ("Identity/get", {"ids": None}))
    assert [item["email"] for item in made["list"]] == [ANNA]
    (seen,) = asked(other, who, ("Identity/get", {"ids": None}))
    assert seen["list"] == []
    _until(lambda: asked(other, who, ("Identity/get", {"ids": None}))[0]["list"] != [], "the identity")


def test_a_mail_is_written_and_sent_by_jmap_and_the_draft_goes(node: Node) -> None:
    who = anna(node)

    class Direct:
        """The project's client, without the network."""

        def session(self) -> dict[str, Any]:
            return dict(jmap.session(node, who))

        def call(self, *calls: tuple[str, dict[str, Any]], **_: Any) -> list[dict[str, Any]]:
            return asked(node, who, *calls)

    by_jmap.send(Direct(), ANNA, ANNA, "by jmap")  # type: ignore[arg-type]
    assert [(mail.subject, mail.folder) for mail in node.mail.all(who["id"])] == [("by jmap", "a")]


def test_mail_is_asked_for_by_account(node: Node) -> None:
    (refused,) = asked(node, anna(node), ("Email/query", {"accountId": None}))
    assert refused["type"] == "invalidArguments"


@pytest.mark.parametrize("service", ["pop3", None])
def test_programs_are_told_of_every_service_of_the_settings_also_of_one_that_is_closed(
    node: Node, service: str | None
) -> None:
    settings = node.registry.all("SystemSettings")["singleton"]
    offered = {name: value for name, value in settings["services"].items() if service or name != "pop3"}
    node.registry.update("SystemSettings", "singleton", {"services": offered, "defaultHostname": "mail.example.org"})
    node.reload()
    by_mozilla = setup.autoconfig(autoconfig.mozilla(node, f"emailaddress={ANNA}"))
    by_microsoft = setup.autodiscover(autoconfig.microsoft(node, setup.AUTODISCOVER.format(address=ANNA).encode()))
    told = {("imap", 993), ("smtp", 465)} | ({("pop3", 995)} if service else set())
    assert by_mozilla == by_microsoft == {(kind, "mail.example.org", port) for kind, port in told}


def test_who_does_not_ask_for_somebody_is_not_told(node: Node) -> None:
    with pytest.raises(ValueError, match="autodiscover"):
        autoconfig.microsoft(node, b"<Autodiscover/>")
