"""Certificates in the mail cluster: what the stand-in takes and shows as Stalwart does, what our scripts make of it."""

import json
import socket
import ssl
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from lib.certificate import held, issue
from lib.certificate.keep import Kept, Own, is_shown, keep
from lib.certificate.shown import first_of, shown
from lib.stalwart.jmap import Answer, Client

from tests.standins.authority import Authority
from tests.standins.stalwart import certificates, jmap
from tests.standins.stalwart.node import Node
from tests.standins.stalwart.server import certificate

from .conftest import _until
from .test_stalwart import RECOVERY, node, recorded

__all__ = ["node"]
NAMES = {"dev.test": ["autoconfig.dev.test", "mail.dev.test"], "two.test": ["autoconfig.two.test"]}
EVERY = [name for names in NAMES.values() for name in names]
PRIVATE = "Private CA of mail.dev.test"
LETSENCRYPT = "https://acme-v02.api.letsencrypt.org/directory"
CONTACT = {"postmaster@dev.test": True}
STAGING = "https://acme-staging-v02.api.letsencrypt.org/directory"


class Inside(Client):
    """Asks the node without a network, as an administrator."""

    def __init__(self, node: Node) -> None:
        super().__init__("http://inside", "admin", "")
        self._node = node

    def _exchange(self, verb: str, path: str, body: Any) -> Answer:
        return jmap.respond(self._node, RECOVERY, body)


@pytest.fixture
def client(node: Node) -> Client:
    """An administrator of a server with two domains."""
    made = Inside(node)
    for name in NAMES:
        made.call(("x:Domain/set", {"create": {"d": {"name": name}}}))
    return made


@pytest.fixture
def address(node: Node) -> Callable[[], tuple[str, int]]:
    """Where the node shows its certificates."""
    own = certificate("n1.mail.dev.test")
    own.sni_callback = node.certificates.choose
    listening = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            plain, _ = listening.accept()
            try:
                own.wrap_socket(plain, server_side=True).close()
            except OSError:
                plain.close()

    threading.Thread(target=serve, daemon=True).start()
    return lambda: ("127.0.0.1", int(listening.getsockname()[1]))


def own(*names: str, days: int = 2, private: str = PRIVATE) -> Own:
    """A certificate of the stack's own authority, or of another."""
    key, made = Authority.make(private).issue(*(names or EVERY), days=days)
    pem = serialization.Encoding.PEM
    private_form = serialization.PrivateFormat.PKCS8
    text = key.private_bytes(pem, private_form, serialization.NoEncryption()).decode()
    return Own(made.public_bytes(pem).decode().strip(), text, PRIVATE)


def account(client: Client, directory: str) -> str:
    (made,) = client.call(("x:AcmeProvider/set", {"create": {"p": {"directory": directory, "contact": CONTACT}}}))
    return str(made["created"]["p"]["id"])


def issue_now(client: Client, directory: str, provider: str) -> dict[str, held.Held]:
    issue.ask(client, directory, provider, NAMES)
    _until(lambda: bool(issue.issued(client, NAMES)), "certificates")
    found = issue.issued(client, NAMES)
    assert found
    issue.take_over(client, found["dev.test"], PRIVATE)
    return found


def test_a_stored_certificate_is_listed_as_the_real_server_lists_it(node: Node) -> None:
    request = json.loads(json.dumps(recorded("42")["request"]))
    answers = jmap.respond(node, RECOVERY, request)["methodResponses"]
    real = recorded("42")["response"]["methodResponses"]
    assert [method for method, _, _ in answers] == [method for method, _, _ in real]
    ours, theirs = (found[2][1]["list"][0] for found in (answers, real))
    assert {**ours, "id": ""} == {**theirs, "id": ""}


def test_what_is_no_certificate_is_refused_and_what_has_another_key_is_not(client: Client) -> None:
    mine, other = own(), own()
    value = {
        "certificate": {"@type": "Text", "value": mine.chain},
        "privateKey": {"@type": "Text", "secret": other.key},
    }
    client.call(("x:Certificate/set", {"create": {"t": value}}))
    broken = {**value, "certificate": {"@type": "Text", "value": "nothing"}}
    with pytest.raises(Exception, match="invalidProperties in certificate"):
        client.call(("x:Certificate/set", {"create": {"t": broken}}))


def test_each_node_shows_its_own_until_one_is_stored(client: Client, address: Callable[[], tuple[str, int]]) -> None:
    mine = own()
    before = shown(address(), "mail.dev.test")
    assert before
    assert before != first_of(mine.chain)
    kept = keep(client, mine, NAMES, "")
    assert kept.is_default
    for name in (*EVERY, "elsewhere.test", None):
        assert shown(address(), name) == first_of(mine.chain), name


def test_the_second_time_nothing_is_changed(client: Client) -> None:
    mine = own()
    assert keep(client, mine, NAMES, "").changed
    assert keep(client, mine, NAMES, "").changed == ()


def test_another_one_takes_its_place_in_the_same_object(client: Client, address: Callable[[], tuple[str, int]]) -> None:
    first = keep(client, own(days=30), NAMES, "").certificate
    # Also one that ends sooner: what is shown is what the stack says.
    for another in (own(days=2), own(days=2, private="An authority of a customer")):
        second = keep(client, another, NAMES, "").certificate
        assert first
        assert second
        assert second.id == first.id
        assert len(held.read(client)) == 1
        assert shown(address(), "mail.dev.test") == first_of(another.chain)


def test_a_run_that_was_cut_short_is_finished_by_the_next(
    client: Client, address: Callable[[], tuple[str, int]]
) -> None:
    """Stored, and neither made the default nor loaded."""
    mine = own()
    change = held.with_key(held.storing([], mine.chain, None, PRIVATE, ()), mine.key)
    client.call(change.call)
    kept = keep(client, mine, NAMES, "")
    assert [one.id for one in held.read(client)] == [kept.certificate.id if kept.certificate else ""]
    assert shown(address(), None) == first_of(mine.chain)


def test_what_somebody_stored_by_hand_stays_and_is_told_of(client: Client, capsys: pytest.CaptureFixture[str]) -> None:
    by_hand = own("mail.dev.test", days=30, private="Somebody")
    value = {
        "certificate": {"@type": "Text", "value": by_hand.chain},
        "privateKey": {"@type": "Text", "secret": by_hand.key},
    }
    client.call(("x:Certificate/set", {"create": {"t": value}}))
    keep(client, own(), NAMES, "")
    assert {one.by for one in held.read(client)} == {"Somebody", PRIVATE}
    told = capsys.readouterr().err
    assert "a certificate of Somebody that somebody stored by hand lasts longer and is shown for mail.dev.test" in told
    assert by_hand.key.splitlines()[1] not in told


def test_until_an_authority_has_issued_for_all_the_stacks_own_stands_in(
    client: Client, address: Callable[[], tuple[str, int]]
) -> None:
    mine = own()
    keep(client, mine, NAMES, LETSENCRYPT)
    assert shown(address(), "mail.dev.test") == first_of(mine.chain)
    found = issue_now(client, LETSENCRYPT, account(client, LETSENCRYPT))
    assert {one.by for one in held.read(client)} == {"STAND-IN authority"}
    assert shown(address(), "mail.dev.test") == shown(address(), None) == first_of(found["dev.test"].chain)
    assert shown(address(), "autoconfig.two.test") == first_of(found["two.test"].chain)
    assert keep(client, mine, NAMES, LETSENCRYPT) == Kept(None, is_default=False, changed=())


def test_what_an_authority_issues_later_is_shown_before_the_next_run(
    client: Client, address: Callable[[], tuple[str, int]]
) -> None:
    """It ends later than what stands in."""
    keep(client, own(), NAMES, LETSENCRYPT)
    issue.ask(client, LETSENCRYPT, account(client, LETSENCRYPT), NAMES)
    _until(lambda: b"STAND-IN authority" in (shown(address(), "mail.dev.test") or b""), "the authority's to be shown")


def test_a_name_more_is_asked_for_at_once_and_the_former_certificate_serves_meanwhile(
    client: Client, address: Callable[[], tuple[str, int]]
) -> None:
    provider = account(client, LETSENCRYPT)
    before = issue_now(client, LETSENCRYPT, provider)
    more = {**NAMES, "dev.test": [*NAMES["dev.test"], "mx9.mail.dev.test"]}
    mine = own(*EVERY, "mx9.mail.dev.test")
    keep(client, mine, more, LETSENCRYPT)
    assert shown(address(), "mail.dev.test") == shown(address(), None) == first_of(before["dev.test"].chain)
    assert shown(address(), "mx9.mail.dev.test") == first_of(mine.chain)
    issue.ask(client, LETSENCRYPT, provider, more)
    _until(lambda: bool(issue.issued(client, more)), "a certificate with the new name")


def test_from_trial_to_earnest_the_trials_certificates_do_not_stand_in_the_way(client: Client) -> None:
    trial = issue_now(client, STAGING, account(client, STAGING))
    keep(client, own(), NAMES, LETSENCRYPT)
    found = issue_now(client, LETSENCRYPT, account(client, LETSENCRYPT))
    assert {one.id for one in found.values()}.isdisjoint(one.id for one in trial.values())
    assert {one.id for one in held.read(client)} == {one.id for one in found.values()}


def test_back_from_an_authority_nothing_of_it_is_left(
    client: Client, node: Node, address: Callable[[], tuple[str, int]]
) -> None:
    issue_now(client, LETSENCRYPT, account(client, LETSENCRYPT))
    mine = own()
    keep(client, mine, NAMES, "")
    assert [one.by for one in held.read(client)] == [PRIVATE]
    for name in (*EVERY, None):
        assert shown(address(), name) == first_of(mine.chain)
    assert all(value["certificateManagement"]["@type"] == "Manual" for value in node.registry.all("Domain").values())


def test_a_server_whose_clock_is_behind_shows_it_when_its_time_has_come(
    client: Client, address: Callable[[], tuple[str, int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    mine, now = own(), time.time()
    with monkeypatch.context() as behind:
        behind.setattr(certificates, "_now", lambda: now - 3600)
        keep(client, mine, NAMES, "")
        assert not is_shown(client, mine, address())
    _until(lambda: is_shown(client, mine, address()), "the certificate to be shown", 5)


def test_what_has_ended_is_removed_when_certificates_are_loaded(client: Client, node: Node) -> None:
    mine = own()
    keep(client, mine, NAMES, "")
    ((identity, value),) = node.registry.all("Certificate").items()
    over = (datetime.now(UTC) - timedelta(days=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
    gone: list[str] = []
    node.certificates.load({identity: {**value, "notValidAfter": over}}, identity, gone.append)
    assert gone == [identity]


def test_a_key_that_is_not_its_own_ends_every_handshake(node: Node, address: Callable[[], tuple[str, int]]) -> None:
    mine, other = own(), own()
    value = certificates.kept(
        {"certificate": {"@type": "Text", "value": mine.chain}, "privateKey": {"@type": "Text", "secret": other.key}},
        None,
        {},
    )
    node.certificates.load({"b": value}, "b", str)
    assert shown(address(), "mail.dev.test") is None


def test_the_hostname_is_verified_by_who_trusts_the_authority(
    client: Client, address: Callable[[], tuple[str, int]]
) -> None:
    authority = Authority.make(PRIVATE)
    key, made = authority.issue(*EVERY)
    pem = serialization.Encoding.PEM
    text = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()).decode()
    keep(client, Own(made.public_bytes(pem).decode().strip(), text, PRIVATE), NAMES, "")
    trusting = ssl.create_default_context(cadata=authority.certificate.public_bytes(pem).decode())
    with (
        socket.create_connection(address()) as plain,
        trusting.wrap_socket(plain, server_hostname="autoconfig.two.test") as secured,
    ):
        assert secured.version()
    found = x509.load_pem_x509_certificate(made.public_bytes(pem))
    assert found.issuer.rfc4514_string() == f"CN={PRIVATE}"
