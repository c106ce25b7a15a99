"""Accounts, groups and lists on the mail server stand-in: made once, changed in place, disabled when they leave."""

import json
import subprocess
from typing import Any

import pytest
from lib.accounts import held, record
from lib.accounts.apply import apply
from lib.accounts.state import state
from lib.accounts.wish import Wish, parse
from lib.console import Failed
from lib.stalwart.jmap import Answer

from components.accounts import passwords
from components.accounts import wish as program
from components.settings import check
from tests.inprocess import InProcess, served
from tests.standins.providers.generated import key_pair
from tests.standins.stalwart import principals
from tests.standins.stalwart.refused import Refused

SEED = "s" * 64
STACK: dict[str, Any] = {"platform": "lab", "nodes": {"mx1": {}}, "domains": {"dev.test": {}, "two.test": {}}}


@pytest.fixture
def client() -> InProcess:
    """A server with two domains."""
    return served("dev.test", "two.test")


def wish(**maps: Any) -> tuple[Wish, dict[str, str]]:
    """What the program would hand over for a stack file."""
    settings = check({**STACK, "mail": {"domain": "dev.test"}, **maps}, frozenset({"accounts"}))
    hashes = {
        address: section.password_hash or passwords.hashed(SEED, address, section.password)
        for address, section in settings.accounts.items()
    }
    return parse(program.document(settings)), hashes


def run(client: InProcess, **maps: Any) -> Any:
    """One run of the step."""
    return apply(client, *wish(**maps))


def password(address: str, number: int = 1) -> str:
    return passwords.password(SEED, address, number)


def by_hand(client: InProcess, name: str, **more: Any) -> str:
    """An account that a person made; its id."""
    credentials = {"0": {"@type": "Password", "secret": "Own-Passphrase-2026"}}
    domain = next(iter(held.look(client).domains.values()))
    value = {"@type": "User", "name": name, "domainId": domain, "credentials": credentials, **more}
    (answer,) = client.call(("x:Account/set", {"create": {"a": value}}))
    return str(answer["created"]["a"]["id"])


FULL: dict[str, Any] = {
    "accounts": {
        "anna@dev.test": {
            "name": "Anna",
            "aliases": ["postmaster@dev.test"],
            "groups": ["office@dev.test"],
            "quota": "1GiB",
        },
        "bob@two.test": {"role": "admin"},
        "eve@two.test": {"enabled": False},
    },
    "groups": {"office@dev.test": {"name": "The office"}},
    "lists": {
        "all@dev.test": {"members": ["team@dev.test", "out+side@elsewhere.net"]},
        "team@dev.test": {"members": ["anna@dev.test", "bob@two.test"]},
    },
}


def test_all_are_made_with_what_they_have_and_a_second_run_changes_nothing(client: InProcess) -> None:
    first = run(client, **FULL)
    assert first["made"] == ["anna@dev.test", "bob@two.test", "eve@two.test"]
    here = held.look(client)
    anna = here.things["anna@dev.test"]
    assert anna.aliases == ("postmaster@dev.test",)
    assert anna.item["quotas"] == {"maxDiskQuota": 1024**3}
    assert anna.item["memberGroupIds"] == {here.group_ids["office@dev.test"]: True}
    assert anna.item["description"] == "Anna"
    assert here.things["bob@two.test"].item["roles"] == {"@type": "Admin"}
    everybody = {"anna@dev.test", "bob@two.test", "out+side@elsewhere.net"}
    assert held.texts(here.things["all@dev.test"].item["recipients"]) == everybody
    assert run(client, **FULL) == {"made": first["made"], "changed": [], "left": {}}


def test_who_is_made_logs_in_with_the_password_of_the_output_also_by_an_alias(client: InProcess) -> None:
    run(client, **FULL)
    for login in ("anna@dev.test", "postmaster@dev.test"):
        assert client.node.people.login(login, password("anna@dev.test"))
    assert client.node.people.login("eve@two.test", password("eve@two.test")) is None, "not enabled"


def test_a_hash_is_taken_as_one(client: InProcess) -> None:
    hashed = crypted("Geheime-Worte-26")
    run(client, accounts={"anna@dev.test": {"password_hash": hashed}})
    assert client.node.people.login("anna@dev.test", "Geheime-Worte-26")


def crypted(text: str) -> str:
    line = ["openssl", "passwd", "-6", "-salt", "abcdefgh", "-stdin"]
    return subprocess.run(line, input=text, capture_output=True, text=True, check=True).stdout.strip()


def test_a_password_that_its_person_changed_stays_and_only_another_number_sets_another(client: InProcess) -> None:
    run(client, accounts={"anna@dev.test": {}})
    identity = held.look(client).things["anna@dev.test"].id
    client.call(("x:Account/set", {"update": {identity: {"credentials/0/secret": "Own-Passphrase-2026"}}}))
    run(client, accounts={"anna@dev.test": {"name": "Anna"}})
    assert client.node.people.login("anna@dev.test", "Own-Passphrase-2026")
    run(client, accounts={"anna@dev.test": {"name": "Anna", "password": 2}})
    assert client.node.people.login("anna@dev.test", "Own-Passphrase-2026") is None
    assert client.node.people.login("anna@dev.test", password("anna@dev.test", 2))
    client.call(("x:Account/set", {"update": {identity: {"credentials/0/secret": "Own-Passphrase-2027"}}}))
    run(client, accounts={"anna@dev.test": {"name": "Anna A.", "password": 2}})
    assert client.node.people.login("anna@dev.test", "Own-Passphrase-2027"), "set once"


def test_who_leaves_the_stack_file_is_disabled_and_keeps_everything(client: InProcess) -> None:
    run(client, **FULL)
    left: dict[str, Any] = {"accounts": {"bob@two.test": {}}}
    assert run(client, **left)["changed"]
    here = held.look(client)
    assert {*here.things} == {*FULL["accounts"], *FULL["groups"], *FULL["lists"]}, "none is removed"
    assert client.node.people.login("anna@dev.test", password("anna@dev.test")) is None
    assert here.things["anna@dev.test"].aliases == ("postmaster@dev.test",)
    assert client.node.people.recipient("anna@dev.test"), "its mail still arrives"
    assert not here.things["all@dev.test"].item["recipients"]
    assert run(client, **left)["changed"] == []


def test_who_comes_back_is_as_before_with_the_same_password(client: InProcess) -> None:
    run(client, **FULL)
    run(client)
    assert client.node.people.login("anna@dev.test", password("anna@dev.test")) is None
    assert run(client, **FULL)["made"] == ["anna@dev.test", "bob@two.test", "eve@two.test"]
    assert client.node.people.login("anna@dev.test", password("anna@dev.test"))
    assert len(held.look(client).things["all@dev.test"].item["recipients"]) == 3


def test_what_a_person_disabled_stays_disabled(client: InProcess) -> None:
    run(client, accounts={"anna@dev.test": {}})
    identity = held.look(client).things["anna@dev.test"].id
    permissions = {"@type": "Merge", "enabledPermissions": {}, "disabledPermissions": {"authenticate": True}}
    client.call(("x:Account/set", {"update": {identity: {"permissions": permissions}}}))
    run(client, accounts={"anna@dev.test": {"name": "Anna"}})
    assert client.node.people.login("anna@dev.test", password("anna@dev.test")) is None


def test_what_others_made_is_left_alone_or_taken_over_as_it_is(client: InProcess) -> None:
    by_hand(client, "hanna", domainId=held.look(client).domains["dev.test"])
    run(client, accounts={"anna@dev.test": {}})
    run(client)
    run(client, remove=["anna@dev.test"])
    assert client.node.people.login("hanna@dev.test", "Own-Passphrase-2026"), "never in the stack file"
    address = "hanna@dev.test"
    with pytest.raises(Failed, match=r"not made by this stack.*quota: none"):
        run(client, accounts={address: {"quota": "1GiB"}})
    assert run(client, accounts={address: {}}) == {"made": [], "changed": [], "left": {}}
    run(client, accounts={address: {"quota": "1GiB"}})
    assert client.node.people.login(address, "Own-Passphrase-2026"), "its password is its own"


def test_an_address_of_somebody_elses_is_refused_before_anything_is_written(client: InProcess) -> None:
    domain = held.look(client).domains["dev.test"]
    by_hand(client, "hanna", domainId=domain, aliases={"0": {"name": "chef", "domainId": domain}})
    before = client.node.registry.all("Account")
    with pytest.raises(Failed) as told:
        run(client, accounts={"bob@dev.test": {"aliases": ["chef@dev.test"]}}, groups={"hanna@dev.test": {}})
    assert "account bob@dev.test: on the mail server chef@dev.test belongs to the account hanna@dev.test" in str(
        told.value
    )
    assert "group hanna@dev.test: on the mail server hanna@dev.test belongs to the account hanna@dev.test" in str(
        told.value
    )
    assert client.node.registry.all("Account") == before


def test_an_alias_goes_from_one_to_another_in_one_run(client: InProcess) -> None:
    run(
        client, accounts={"anna@dev.test": {"aliases": ["chef@dev.test"]}, "zoe@dev.test": {"aliases": ["c2@dev.test"]}}
    )
    run(
        client, accounts={"anna@dev.test": {"aliases": ["c2@dev.test"]}, "zoe@dev.test": {"aliases": ["chef@dev.test"]}}
    )
    here = held.look(client)
    assert here.owners["chef@dev.test"].address == "zoe@dev.test"
    assert here.owners["c2@dev.test"].address == "anna@dev.test"


def test_groups_and_limits_that_a_person_gave_stay(client: InProcess) -> None:
    run(client, **FULL)
    here = held.look(client)
    value = {"@type": "Group", "name": "own", "domainId": here.domains["dev.test"]}
    (answer,) = client.call(("x:Account/set", {"create": {"g": value}}))
    own, identity = answer["created"]["g"]["id"], here.things["anna@dev.test"].id
    office = here.group_ids["office@dev.test"]
    patch = {"memberGroupIds": {office: True, own: True}, "quotas": {"maxDiskQuota": 5, "maxEmails": 7}}
    client.call(("x:Account/set", {"update": {identity: patch}}))
    run(client, **FULL)
    anna = held.look(client).things["anna@dev.test"].item
    assert anna["quotas"] == {"maxDiskQuota": 1024**3, "maxEmails": 7}
    assert {*anna["memberGroupIds"]} == {own, office}


def test_a_run_that_was_interrupted_knows_its_own(client: InProcess, monkeypatch: pytest.MonkeyPatch) -> None:
    real, calls = client._exchange, iter(range(100))

    def dies(verb: str, path: str, body: Any) -> Answer:
        if "x:Account/set" in json.dumps(body) and next(calls) == 1:
            raise KeyboardInterrupt
        return real(verb, path, body)

    monkeypatch.setattr(client, "_exchange", dies)
    with pytest.raises(KeyboardInterrupt):
        run(client, **FULL)
    monkeypatch.setattr(client, "_exchange", real)
    assert run(client, **FULL)["made"] == ["anna@dev.test", "bob@two.test", "eve@two.test"]


def test_all_that_the_server_refuses_is_told_at_once(client: InProcess) -> None:
    real = principals.kept
    with pytest.MonkeyPatch.context() as patched:

        def refuses(name: str, value: Any, before: Any) -> Any:
            if value["name"] in {"a1", "a3"}:
                raise Refused("overQuota", description="no more")
            return real(name, value, before)

        patched.setattr(principals, "kept", refuses)
        with pytest.raises(Failed, match=r"account a1@dev.test: overQuota no more; account a3@dev.test: overQuota"):
            run(client, accounts={f"a{number}@dev.test": {} for number in range(5)})
    here = held.look(client)
    assert {*here.things} == {"a0@dev.test", "a2@dev.test", "a4@dev.test"}
    assert record.read(client).entries["a0@dev.test"].made


def test_many_cost_few_requests_and_twice_as_many_at_most_twice_as_many(client: InProcess) -> None:
    counted = []
    for many in (300, 600):
        client.requests = 0
        run(client, accounts={f"p{number}@dev.test": {} for number in range(many)})
        counted.append(client.requests)
    assert counted[0] <= 20
    assert counted[1] <= 2 * counted[0]
    client.requests = 0
    assert run(client, accounts={f"p{number}@dev.test": {} for number in range(600)})["changed"] == []
    assert client.requests <= 10


def test_status_tells_what_is_missing_what_a_person_disabled_and_what_left(client: InProcess) -> None:
    run(client, **FULL)
    shall, _ = wish(**FULL)
    well: dict[str, Any] = {"missing": [], "disabled": [], "different": [], "left": []}
    assert state(held.look(client, shall.names), shall, record.read(client).entries) == well
    here = held.look(client)
    permissions = {"@type": "Merge", "enabledPermissions": {}, "disabledPermissions": {"authenticate": True}}
    client.call(
        ("x:Account/set", {"update": {here.things["anna@dev.test"].id: {"permissions": permissions, "aliases": {}}}}),
        ("x:Account/set", {"destroy": [here.things["bob@two.test"].id]}),
    )
    told = state(held.look(client, shall.names), shall, record.read(client).entries)
    assert told == {
        "missing": ["account bob@two.test"],
        "disabled": ["anna@dev.test"],
        "different": ["account anna@dev.test: aliases"],
        "left": [],
    }
    run(client)
    assert state(held.look(client), wish()[0], record.read(client).entries)["left"] == [
        "all@dev.test",
        "anna@dev.test",
        "eve@two.test",
        "office@dev.test",
        "team@dev.test",
    ]


def test_what_has_left_is_told_with_what_there_is_to_lose(client: InProcess) -> None:
    run(client, **FULL)
    client.node.mail.deliver(held.look(client).things["anna@dev.test"].id, b"x" * 1000)
    told = run(client)["left"]
    assert told["anna@dev.test"] == {"kind": "account", "bytes": 1000}
    assert told["team@dev.test"] == {"kind": "list", "bytes": 0}


def test_only_what_is_named_and_has_left_in_a_run_before_is_erased(client: InProcess) -> None:
    run(client, **FULL)
    with pytest.raises(Failed, match=r"account anna@dev.test has not left the stack file yet"):
        run(client, remove=["anna@dev.test"])
    assert client.node.people.login("anna@dev.test", password("anna@dev.test")), "nothing was written"
    run(client)
    assert "account anna@dev.test is erased" in run(client, remove=["anna@dev.test"])["changed"]
    here = held.look(client)
    assert {*here.things} == {*FULL["accounts"], *FULL["groups"], *FULL["lists"]} - {"anna@dev.test"}
    assert run(client, remove=["anna@dev.test"])["changed"] == []
    assert "anna@dev.test" not in record.read(client).entries


def test_who_was_erased_and_comes_back_is_new(client: InProcess) -> None:
    for maps in ({"accounts": {"anna@dev.test": {"password": 2}}}, {}, {"remove": ["anna@dev.test"]}):
        run(client, **maps)
    run(client, accounts={"anna@dev.test": {}})
    assert client.node.people.login("anna@dev.test", password("anna@dev.test", 1))


def test_what_others_made_is_never_erased(client: InProcess) -> None:
    domain = held.look(client).domains["dev.test"]
    by_hand(client, "hanna", domainId=domain)
    with pytest.raises(Failed, match=r"account hanna@dev.test is not this stack's"):
        run(client, remove=["hanna@dev.test"])


def test_a_group_with_members_of_others_making_stays(client: InProcess) -> None:
    run(client, groups={"office@dev.test": {}})
    here = held.look(client)
    by_hand(
        client, "hanna", domainId=here.domains["dev.test"], memberGroupIds={here.group_ids["office@dev.test"]: True}
    )
    run(client)
    with pytest.raises(Failed, match=r"account hanna@dev.test is a member of the group office@dev.test"):
        run(client, remove=["office@dev.test"])


def test_a_domain_goes_with_all_that_the_stack_made_in_it_and_its_keys(client: InProcess) -> None:
    run(client, **FULL)
    one: dict[str, Any] = {"domains": {"dev.test": {}}}
    told = run(client, **one)["left"]
    assert told["two.test"] == {"kind": "domain", "bytes": 0, "holds": 2}
    identity = held.look(client).domains["two.test"]
    secret = {"@type": "Text", "secret": key_pair("ED25519")["privateKeyPem"]}
    key = {"@type": "Dkim1Ed25519Sha256", "domainId": identity, "selector": "s1", "privateKey": secret}
    client.call(("x:DkimSignature/set", {"create": {"k": key}}))
    run(client, **one, remove=["two.test"])
    here = held.look(client)
    assert {*here.domains} == {"dev.test"}
    assert not [address for address in here.things if address.endswith("@two.test")]
    assert not client.node.registry.all("DkimSignature")


def test_a_domain_in_which_others_have_accounts_stays(client: InProcess) -> None:
    run(client)
    by_hand(client, "hanna", domainId=held.look(client).domains["two.test"])
    one: dict[str, Any] = {"domains": {"dev.test": {}}}
    run(client, **one)
    with pytest.raises(Failed, match=r"account hanna@two.test is not this stack's"):
        run(client, **one, remove=["two.test"])


def test_a_domain_whose_name_another_uses_as_an_alias_stays(client: InProcess) -> None:
    run(client)
    here = held.look(client)
    alias = {"0": {"name": "h", "domainId": here.domains["two.test"]}}
    by_hand(client, "hanna", domainId=here.domains["dev.test"], aliases=alias)
    one: dict[str, Any] = {"domains": {"dev.test": {}}}
    run(client, **one)
    with pytest.raises(Failed, match=r"account hanna@dev.test has the alias h@two.test"):
        run(client, **one, remove=["two.test"])


def test_a_group_that_leaves_the_stack_file_has_no_members_any_more(client: InProcess) -> None:
    run(client, **FULL)
    anna = {**FULL["accounts"]["anna@dev.test"], "groups": []}
    run(client, accounts={"anna@dev.test": anna})
    assert not held.look(client).things["anna@dev.test"].item["memberGroupIds"]
    run(client, accounts={"anna@dev.test": anna}, remove=["office@dev.test"])
    assert "office@dev.test" not in held.look(client).things
