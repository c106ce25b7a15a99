"""Encryption of mail at rest on the mail server stand-in: set, changed, ended; and what its person does of it stays."""

import subprocess
from email import message_from_bytes
from pathlib import Path
from typing import Any

import pytest
from lib.accounts import held, public_keys, record
from lib.accounts.apply import apply
from lib.accounts.state import state
from lib.accounts.wish import Wish, parse
from lib.console import Failed
from pysequoia import Tsk, decrypt

from components.accounts import wish as program
from components.settings import check
from tests.inprocess import InProcess, served
from tests.keys import ANNA, certificate, openpgp

STACK: dict[str, Any] = {"platform": "lab", "nodes": {"mx1": {}}, "domains": {"dev.test": {}}}
SECRET = "the treasure lies under the third oak"
MAIL = (
    f"From: eve@elsewhere.net\r\nTo: {ANNA}\r\nSubject: a map\r\nContent-Type: text/plain\r\n\r\n{SECRET}\r\n".encode()
)
OFF = {"@type": "Disabled"}


@pytest.fixture
def client() -> InProcess:
    return served("dev.test")


def wish(accounts: dict[str, Any], **maps: Any) -> Wish:
    return parse(program.document(check({**STACK, "accounts": accounts, **maps})))


def run(client: InProcess, accounts: dict[str, Any], **maps: Any) -> Any:
    """One run of the step."""
    found = wish(accounts, **maps)
    return apply(client, found, {thing.address: "{SSHA512}" + "A" * 95 + "=" for thing in found.things})


def arrives(client: InProcess, address: str = ANNA) -> bytes:
    """How a mail is stored that comes in now."""
    assert client.node.filing.to_address(address, MAIL)
    return client.node.mail.all(person(client, address).id)[-1].raw


def person(client: InProcess, address: str = ANNA) -> held.Held:
    return held.look(client).things[address]


def by_hand(client: InProcess, text: str, address: str = ANNA, **more: Any) -> str:
    """What a person does in the web page, with a key as GnuPG writes it; the id of the key."""
    text = "\n".join(line for line in text.splitlines() if ": " not in line)
    account = person(client, address).id
    key = {"accountId": account, "create": {"k": {"description": "My key", "key": text}}}
    (answer,) = client.call(("x:PublicKey/set", key))
    identity = str(answer["created"]["k"]["id"])
    setting = {"@type": "Aes128", "publicKey": identity, "encryptOnAppend": True, "allowSpamTraining": False, **more}
    client.call(("x:Account/set", {"update": {account: {"encryptionAtRest": setting}}}))
    return identity


def opened(raw: bytes, private: str, place: Path | None = None) -> bytes:
    """A mail as its person reads it."""
    message = message_from_bytes(raw)
    if message.get_content_type() == "multipart/encrypted":
        sealed = message.get_payload()[1].get_payload().encode()  # type: ignore[index, union-attr]
        return decrypt(sealed, Tsk.from_bytes(private.encode()).decryptor()).bytes or b""
    assert place is not None
    (place / "key.pem").write_text(private)
    (place / "mail.p7m").write_bytes(message.get_payload(decode=True))  # type: ignore[arg-type]
    line = [
        "openssl",
        "cms",
        "-decrypt",
        "-inform",
        "DER",
        "-in",
        str(place / "mail.p7m"),
        "-inkey",
        str(place / "key.pem"),
    ]
    return subprocess.run(line, check=True, capture_output=True).stdout


def test_what_comes_in_is_stored_so_that_only_the_private_key_opens_it(client: InProcess) -> None:
    public, private = openpgp()
    run(client, {ANNA: {"encrypt": public}})
    raw = arrives(client)
    assert SECRET.encode() not in raw
    assert message_from_bytes(raw)["Subject"] == "a map", "the head is not encrypted"
    assert SECRET.encode() in opened(raw, private)


@pytest.mark.parametrize("algorithm", ["aes128", "aes256", "aes256_gcm"])
def test_a_certificate_does_it_too(client: InProcess, algorithm: str, tmp_path: Path) -> None:
    public, private = certificate()
    run(client, {ANNA: {"encrypt": {"key": public, "algorithm": algorithm}}})
    raw = arrives(client)
    assert SECRET.encode() not in raw
    assert SECRET.encode() in opened(raw, private, tmp_path)


def test_a_second_run_changes_nothing(client: InProcess) -> None:
    accounts = {ANNA: {"encrypt": openpgp()[0]}, "bob@dev.test": {"encrypt": certificate()[0]}, "eve@dev.test": {}}
    assert run(client, accounts)["changed"][-2:] == [f"account {ANNA}: encryption", "account bob@dev.test: encryption"]
    keys = client.node.registry.all("PublicKey")
    assert run(client, accounts)["changed"] == []
    assert client.node.registry.all("PublicKey") == keys
    assert state(held.look(client), wish(accounts), record.read(client).entries)["different"] == []


def test_another_key_is_another_object_since_the_server_goes_on_with_one_that_it_knows(client: InProcess) -> None:
    (first, _), (second, private) = openpgp(), openpgp()
    run(client, {ANNA: {"encrypt": first}})
    arrives(client)
    assert f"account {ANNA}: encryption" in run(client, {ANNA: {"encrypt": second}})["changed"]
    assert SECRET.encode() in opened(arrives(client), private)
    assert len(client.node.registry.all("PublicKey")) == 1, "the former one is gone"


def test_another_algorithm_keeps_the_key(client: InProcess) -> None:
    public, _ = certificate()
    run(client, {ANNA: {"encrypt": public}})
    (key,) = client.node.registry.all("PublicKey")
    run(client, {ANNA: {"encrypt": {"key": public, "algorithm": "aes128"}}})
    assert person(client).encryption["@type"] == "Aes128"
    assert [*client.node.registry.all("PublicKey")] == [key]


def test_taken_out_mail_is_stored_in_clear_again_and_what_is_there_stays_as_it_is(client: InProcess) -> None:
    public, private = openpgp()
    run(client, {ANNA: {"encrypt": public}})
    before = arrives(client)
    assert run(client, {ANNA: {}})["changed"][0] == f"account {ANNA}: encryption ends"
    assert SECRET.encode() in arrives(client)
    mails = [mail.raw for mail in client.node.mail.all(person(client).id)]
    assert mails[0] == before
    assert SECRET.encode() in opened(mails[0], private)
    assert client.node.registry.all("PublicKey") == {}
    assert run(client, {ANNA: {}})["changed"] == []


def test_what_its_person_set_stays_where_the_stack_file_says_nothing(client: InProcess) -> None:
    run(client, {ANNA: {}})
    key = by_hand(client, openpgp()[0])
    assert run(client, {ANNA: {"name": "Anna"}})["changed"] == [f"account {ANNA}: name"]
    assert person(client).encryption["publicKey"] == key


def test_who_took_another_key_than_the_stacks_keeps_it_when_the_stack_says_nothing_more(client: InProcess) -> None:
    run(client, {ANNA: {"encrypt": openpgp()[0]}})
    key = by_hand(client, openpgp()[0])
    run(client, {ANNA: {}})
    assert person(client).encryption["publicKey"] == key


def test_where_the_stack_file_names_a_key_it_counts_and_other_choices_and_keys_stay(client: InProcess) -> None:
    run(client, {ANNA: {}})
    own = by_hand(client, openpgp()[0])
    public, private = openpgp()
    run(client, {ANNA: {"encrypt": public}})
    assert SECRET.encode() in opened(arrives(client), private)
    assert person(client).encryption["encryptOnAppend"] is True
    assert own in client.node.registry.all("PublicKey")


def test_the_key_that_its_person_set_is_not_set_again(client: InProcess) -> None:
    public, _ = openpgp()
    run(client, {ANNA: {}})
    accounts = {ANNA: {"encrypt": {"key": public, "algorithm": "aes128"}}}
    (thing,) = wish(accounts).things
    assert thing.encrypt
    key = by_hand(client, thing.encrypt.key)
    assert run(client, accounts)["changed"] == []
    assert person(client).encryption["publicKey"] == key


def test_an_account_that_is_not_the_stacks_is_taken_over_only_as_it_is(client: InProcess) -> None:
    run(client, {ANNA: {}})
    record.write(client, record.read(client), {}, [ANNA])
    with pytest.raises(Failed, match="encryption: none"):
        run(client, {ANNA: {"encrypt": openpgp()[0]}})
    assert client.node.registry.all("PublicKey") == {}


def test_a_run_that_was_interrupted_goes_on_with_the_key_that_it_made(client: InProcess) -> None:
    public, _ = openpgp()
    run(client, {ANNA: {}})
    (thing,) = wish({ANNA: {"encrypt": public}}).things
    assert thing.encrypt
    identity = person(client).id
    made = public_keys.create(client, {identity: (thing.encrypt.key, None)}, {identity: ANNA})
    run(client, {ANNA: {"encrypt": public}})
    assert [*client.node.registry.all("PublicKey")] == [made[identity]]


def test_a_key_that_the_server_refuses_is_told_with_its_account(client: InProcess) -> None:
    run(client, {ANNA: {}})
    for _ in range(5):
        by_hand(client, openpgp()[0])
    with pytest.raises(Failed, match=f"the key of account {ANNA}: .* exceeded your quota of 5"):
        run(client, {ANNA: {"encrypt": openpgp()[0]}})


def test_who_left_the_stack_file_gets_mail_encrypted_as_before_and_leaves_no_key_when_erased(client: InProcess) -> None:
    public, private = openpgp()
    run(client, {ANNA: {"encrypt": public}})
    run(client, {})
    assert SECRET.encode() in opened(arrives(client), private)
    run(client, {}, remove=[ANNA])
    assert client.node.registry.all("PublicKey") == {}


def test_encryption_that_differs_is_told_by_status(client: InProcess) -> None:
    accounts = {ANNA: {"encrypt": openpgp()[0]}}
    run(client, accounts)
    client.call(("x:Account/set", {"update": {person(client).id: {"encryptionAtRest": OFF}}}))
    told = state(held.look(client), wish(accounts), record.read(client).entries)
    assert told["different"] == [f"account {ANNA}: encryption"]


def test_the_key_of_one_is_not_read_for_another_and_many_need_few_requests(client: InProcess) -> None:
    public, _ = openpgp()
    accounts = {f"a{number}@dev.test": {"encrypt": public} for number in range(40)}
    run(client, accounts)
    owners = {value["accountId"] for value in client.node.registry.all("PublicKey").values()}
    assert owners == {person(client, address).id for address in accounts}
    before = client.requests
    run(client, accounts)
    assert client.requests - before < 20
