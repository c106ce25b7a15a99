"""Encryption at rest in the mail server stand-in: as recorded on 0.16.19, and as its source has it, flaws and all.

Sources: crates/common/src/storage/encryption.rs, crates/email/src/message/{crypto,ingest,delivery}.rs and
crates/common/src/cache/principals.rs of 0.16.19.
"""

import json
from email import message_from_bytes
from pathlib import Path
from typing import Any

import pytest

from tests.inprocess import InProcess, served
from tests.keys import EXPIRED, certificate, elliptic, openpgp
from tests.standins.stalwart.encryption import sealing

RECORDING = Path(__file__).parents[1] / "recordings/stalwart/47-public-keys.json"
SECRET = b"the treasure lies under the third oak"
MAIL = b"From: eve@elsewhere.net\r\nTo: anna@dev.test\r\nSubject: a map\r\n\r\n" + SECRET + b"\r\n"
ADDRESS = "anna@dev.test"
ON = {"encryptOnAppend": False, "allowSpamTraining": False}


@pytest.fixture
def client() -> InProcess:
    """A server with one account."""
    made = served("dev.test")
    (domain,) = made.node.registry.all("Domain")
    credentials = {"0": {"@type": "Password", "secret": "Own-Passphrase-2026"}}
    made.node.registry.create("Account", {"name": "anna", "domainId": domain, "credentials": credentials})
    return made


def plain(text: str) -> str:
    """An armour without head lines."""
    return "\n".join(line for line in text.splitlines() if ": " not in line)


def account(client: InProcess) -> str:
    (found,) = client.node.registry.all("Account")
    return found


def tried(client: InProcess, text: str) -> Any:
    """What the server says to a key."""
    request = {"accountId": account(client), "create": {"k": {"description": "k", "key": text}}}
    answer = client.outcome(("x:PublicKey/set", request))
    return answer["created"]["k"]["id"] if "created" in answer else answer["notCreated"]["k"]


def encrypts(client: InProcess, key: str, algorithm: str = "Aes256") -> Any:
    """Have the account encrypt; what the server says."""
    setting = {"@type": algorithm, "publicKey": key, **ON}
    return client.outcome(("x:Account/set", {"update": {account(client): {"encryptionAtRest": setting}}}))


def arrives(client: InProcess, raw: bytes = MAIL) -> list[bytes]:
    """All mails that are stored after one more came in."""
    assert client.node.filing.to_address(ADDRESS, raw)
    return [mail.raw for mail in client.node.mail.all(account(client))]


def waiting(client: InProcess) -> list[dict[str, Any]]:
    """The queue, after an attempt at each that is due."""
    for identity in client.node.post.spool.due():
        client.node.post.attempt(identity)
    return [*client.node.registry.all("QueuedMessage").values()]


RECORDED: list[dict[str, Any]] = json.loads(RECORDING.read_text())


# GnuPG, which stands for the real one's library, encrypts to none that was revoked.
@pytest.mark.parametrize(
    "case", [case for case in RECORDED if "revoked" not in case["what"]], ids=lambda case: case["what"]
)
def test_a_key_is_taken_or_refused_and_mail_sealed_or_kept_waiting_as_recorded(
    client: InProcess, case: dict[str, Any]
) -> None:
    told = tried(client, case["key"])
    if refused := case["refused"]:
        assert told["type"] == refused["type"]
        assert told["properties"] == refused["properties"]
        assert refused["description"].startswith(told["description"])
        return
    assert "notUpdated" not in encrypts(client, told, case["algorithm"])
    stored = arrives(client)
    if case["mail"] == "waits":
        assert stored == []
        (message,) = waiting(client)
        assert message["recipients"][ADDRESS]["status"]["responseMessage"] == "Transient server failure."
    else:
        (raw,) = stored
        assert message_from_bytes(raw).get_content_type() == case["mail"]
        assert SECRET not in raw


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("nothing", "No valid public key found."),
        (openpgp()[0], "Failed to decode base64 certificate."),
        (plain(openpgp()[0]) + "\n" + certificate()[0], "Cannot mix OpenPGP and S/MIME certificates"),
        (EXPIRED, "Could not find any suitable keys in OpenPGP public key"),
        (certificate()[0].replace("MII", "AII"), "Failed to decode X509 certificate"),
    ],
)
def test_a_key_is_refused_in_the_words_of_the_real_one(client: InProcess, text: str, words: str) -> None:
    told = tried(client, text)
    assert (told["type"], told["properties"]) == ("invalidProperties", ["key"])
    assert told["description"].startswith(words)


def test_a_private_key_is_taken_as_the_real_one_takes_it(client: InProcess) -> None:
    assert isinstance(tried(client, plain(openpgp()[1])), str)
    assert isinstance(tried(client, "\n".join(reversed(certificate()))), str)


def test_a_key_is_its_accounts_and_at_most_five_are_taken(client: InProcess) -> None:
    for _ in range(5):
        tried(client, plain(openpgp()[0]))
    assert {value["accountId"] for value in client.node.registry.all("PublicKey").values()} == {account(client)}
    assert tried(client, plain(openpgp()[0]))["type"] == "overQuota"


def test_a_key_in_use_is_held_and_one_that_is_not_there_cannot_be_used(client: InProcess) -> None:
    key = tried(client, plain(openpgp()[0]))
    encrypts(client, key)
    answer = client.outcome(("x:PublicKey/set", {"destroy": [key]}))
    assert answer["notDestroyed"][key]["type"] == "objectIsLinked"
    refused = encrypts(client, "zz")["notUpdated"][account(client)]
    assert refused == {"type": "invalidForeignKey", "objectId": {"object": "PublicKey", "id": "zz"}}


def test_only_what_says_of_which_kind_the_text_is_moves_inside(client: InProcess) -> None:
    encrypts(client, tried(client, plain(openpgp()[0])))
    (raw,) = arrives(client, MAIL.replace(b"Subject", b"MIME-Version: 1.0\r\nContent-Type: text/plain\r\nSubject"))
    message = message_from_bytes(raw)
    assert [name for name, _ in message.items()] == ["From", "To", "MIME-Version", "Subject", "Content-Type"]
    assert message.get_content_type() == "multipart/encrypted"
    assert [part.get_content_type() for part in message.walk()][1:] == [
        "application/pgp-encrypted",
        "application/octet-stream",
    ]


@pytest.mark.parametrize(
    "head",
    [b"Content-Type: application/pkcs7-mime; name=smime.p7m", b"Content-Type: multipart/encrypted; boundary=x"],
)
def test_what_its_sender_encrypted_is_stored_as_it_is(client: InProcess, head: bytes) -> None:
    encrypts(client, tried(client, plain(openpgp()[0])))
    raw = MAIL.replace(b"Subject", head + b"\r\nSubject")
    assert arrives(client, raw) == [raw]


def test_what_a_person_writes_is_stored_in_clear(client: InProcess) -> None:
    encrypts(client, tried(client, plain(openpgp()[0])))
    client.node.filing.store(account(client), MAIL, "d")
    assert [mail.raw for mail in client.node.mail.all(account(client))] == [MAIL]


@pytest.mark.parametrize(
    ("text", "algorithm"),
    [(elliptic(), "Aes256"), (plain(openpgp()[0]), "Aes256Gcm"), (plain(openpgp()[0]), "ChaCha20Poly1305")],
)
def test_an_administrators_setting_that_cannot_work_is_taken_and_mail_waits(
    client: InProcess, text: str, algorithm: str
) -> None:
    assert "notUpdated" not in encrypts(client, tried(client, text), algorithm)
    assert arrives(client) == [], "neither in clear nor otherwise"
    (message,) = waiting(client)
    assert message["recipients"][ADDRESS]["status"]["@type"] == "TemporaryFailure"


def test_mail_that_waited_is_delivered_when_the_setting_works_again(client: InProcess) -> None:
    encrypts(client, tried(client, elliptic()))
    arrives(client)
    encrypts(client, tried(client, certificate()[0]))
    for identity in client.node.registry.all("QueuedMessage"):
        client.node.post.spool.postpone(identity, "2026-01-01T00:00:00Z")
    assert waiting(client) == []
    (raw,) = (mail.raw for mail in client.node.mail.all(account(client)))
    assert SECRET not in raw


def test_a_key_that_ended_is_none_after_a_restart_and_mail_is_stored_in_clear(client: InProcess) -> None:
    key = tried(client, plain(openpgp()[0]))
    encrypts(client, key)
    assert SECRET not in arrives(client)[-1]
    _becomes(client, key, EXPIRED)
    assert SECRET not in arrives(client)[-1], "this node goes on with the key that it has read"
    client.node.sealing = sealing.Sealing(client.node.registry)
    assert arrives(client)[-1] == MAIL


def test_a_key_that_is_changed_in_its_place_is_not_noticed(client: InProcess) -> None:
    key = tried(client, certificate()[0])
    encrypts(client, key)
    first = message_from_bytes(arrives(client)[-1])
    client.call(("x:PublicKey/set", {"update": {key: {"key": plain(openpgp()[0])}}}))
    second = message_from_bytes(arrives(client)[-1])
    assert first.get_content_type() == second.get_content_type() == "application/pkcs7-mime"


def _becomes(client: InProcess, key: str, text: str) -> None:
    """As time does it: the key that is kept has ended."""
    value = json.dumps({**client.node.registry.all("PublicKey")[key], "key": text}).encode()
    client.node.store.transact(lambda transaction: transaction.set(f"object/PublicKey/{key}".encode(), value))
