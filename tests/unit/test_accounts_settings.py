"""Accounts, groups and lists in a stack file: what is taken, and every mistake with its key, its rule, its remedy."""

import base64
import hashlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.accounts import passwords, wish
from components.settings import ListSettings, SettingsError, check
from components.settings.lists import circles, recipients
from components.settings.password_hash import is_hash

STACK: dict[str, Any] = {
    "platform": "lab",
    "nodes": {"mx1": {}},
    "domains": {"dev.test": {"aliases": ["alias.test"]}, "bücher.test": {}},
    "mail": {"domain": "dev.test"},
}
# Of tests in crates/directory/src/core/secret.rs, where not made here.
HASHES = [
    "$1$5pZSV9va$azfrPr6af3Fc7dLblQXVa0",
    "$5$WH1ABM5sKhxbkgCK$sOnTVjQn1Y3EWibd8gWqqJqjH.KaFrxJE5rijqxcPp7",
    "$5$rounds=11858$WH1ABM5sKhxbkgCK$aTQsjPkz0rBsH3lQlJxw9HDTDXPKBxC0LlVeV69P.t1",
    "$6$" + "a" * 16 + "$" + "b" * 86,
    "$2b$10$" + "N9qo8uLOickgx2ZMRZoMyeIjZAgcfl7p92ldGxad68LJZdL17lhWy",
    "$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHRzb21lc2FsdA$" + "A" * 43,
    "$scrypt$ln=17,r=8,p=1$c29tZXNhbHRzb21lc2FsdA$" + "A" * 43,
    "{SHA}" + base64.b64encode(b"x" * 20).decode(),
    "{ssha}" + base64.b64encode(b"x" * 28).decode(),
    "{SSHA512}" + base64.b64encode(b"x" * 72).decode(),
    "{MD5}" + base64.b64encode(b"x" * 16).decode(),
    "{CRYPT}$1$5pZSV9va$azfrPr6af3Fc7dLblQXVa0",
    "{CRYPT}abcdefghij012",
]
CLEAR = [
    "hello",
    "p@ssw0rd!",
    "correct horse battery staple",
    "$myPassword",
    "$1$abc$tooshorthash",
    "$6$salt$short",
    "$argon2id$broken",
    "$2y$10$short",
    "$2z$10$N9qo8uLOickgx2ZMRZoMyeIjZAgcfl7p92ldGxad68LJZdL17lhWy",
    "$sha1$notdigits$salt$hash",
    "{SHA}aGVsbG8=",
    "{SSHA}aGVsbG8=",
    "{PLAIN}stillplain",
    "{CRYPT}plainpw",
    "{UNKNOWN}whatever",
    "_J9..K0AyUubDkQmPLeM",
    "abcdefghij012",
]


def mistakes(*secret: str, **maps: Any) -> list[str]:
    """What is wrong with a stack file that keeps some keys as secrets."""
    with pytest.raises(SettingsError) as refused:
        check({**STACK, **maps}, frozenset(secret))
    return [str(mistake) for mistake in refused.value.mistakes]


def test_addresses_are_taken_as_the_mail_server_stores_them() -> None:
    settings = check({**STACK, "accounts": {"Anna@Bücher.test": {"aliases": ["A.B@DEV.test"], "quota": "5GiB"}}})
    assert settings.accounts["anna@xn--bcher-kva.test"].aliases == ("a.b@dev.test",)
    assert settings.accounts["anna@xn--bcher-kva.test"].quota == 5120


def test_every_mistake_is_told_with_its_key_and_what_to_do() -> None:
    told = mistakes(
        accounts={
            "anna@dev.test": {"quota": "0MiB"},
            "bob@dev.test": {"groups": ["offize@dev.test"], "aliases": ["team@dev.test"]},
            "eve@elsewhere.net": {},
            "cluster-probe@dev.test": {},
            "zoe@alias.test": {},
            "not an address": {},
            "kai@dev.test": {"role": "owner"},
            "o@dev.test": {"password_hash": HASHES[0]},
        },
        groups={"office@dev.test": {"aliases": ["admin@dev.test"]}},
        lists={
            "team@dev.test": {"members": ["x@y.net"]},
            "loop@dev.test": {"members": ["again@dev.test"]},
            "again@dev.test": {"members": ["loop@dev.test"]},
        },
    )
    assert [line.partition(": ")[0] for line in told] == [
        "accounts.not an address",
        'accounts["anna@dev.test"].quota',
        'accounts["bob@dev.test"].groups[0]',
        'accounts["cluster-probe@dev.test"]',
        'accounts["eve@elsewhere.net"]',
        'accounts["kai@dev.test"].role',
        'accounts["o@dev.test"].password_hash',
        'accounts["zoe@alias.test"]',
        'groups["office@dev.test"].aliases[0]',
        'lists["loop@dev.test"].members',
        'lists["team@dev.test"]',
    ]
    by_key = dict(line.split(": ", 1) for line in told)
    assert "at least 1MiB" in by_key['accounts["anna@dev.test"].quota']
    assert "did you mean office@dev.test?" in by_key['accounts["bob@dev.test"].groups[0]']
    assert "pulumi config set --secret" in by_key['accounts["o@dev.test"].password_hash']
    assert "write zoe@dev.test" in by_key['accounts["zoe@alias.test"]']
    assert "loop@dev.test -> again@dev.test -> loop@dev.test" in by_key['lists["loop@dev.test"].members']
    assert 'is accounts["bob@dev.test"].aliases[0] already' in by_key['lists["team@dev.test"]']


def test_two_spellings_of_one_address_are_told() -> None:
    (told,) = mistakes(accounts={"anna@dev.test": {}, "Anna@dev.test": {}})
    assert "anna@dev.test stands there more than once" in told


@pytest.mark.parametrize("text", HASHES)
def test_a_hash_that_the_server_knows_is_taken(text: str) -> None:
    settings = check({**STACK, "accounts": {"anna@dev.test": {"password_hash": text}}}, frozenset({"accounts"}))
    assert settings.accounts["anna@dev.test"].password_hash == text


@pytest.mark.parametrize("text", [*CLEAR, "", "  "])
def test_a_password_in_clear_text_is_refused_and_never_repeated(text: str) -> None:
    (told,) = mistakes("accounts", accounts={"anna@dev.test": {"password_hash": text}})
    assert told.startswith('accounts["anna@dev.test"].password_hash: ')
    assert "openssl passwd -6" in told
    assert not text.strip() or text not in told


def test_a_hash_of_a_wrong_type_is_not_repeated_either() -> None:
    (told,) = mistakes(accounts={"anna@dev.test": {"password_hash": 77345}})
    assert "77345" not in told


@given(st.text(max_size=40))
def test_no_text_of_any_kind_breaks_the_look_at_a_hash(text: str) -> None:
    assert is_hash(text) in {True, False}
    assert is_hash("{SSHA512}" + text) in {True, False}


def test_lists_in_lists_are_led_on_to_the_people() -> None:
    lists = {
        "all@dev.test": ListSettings(members=("staff@dev.test", "x@y.net")),
        "team@dev.test": ListSettings(members=("anna@dev.test", "x@y.net"), aliases=("staff@dev.test",)),
    }
    assert recipients(lists)["all@dev.test"] == ("anna@dev.test", "x@y.net")
    assert list(circles(lists)) == []
    itself = {"me@dev.test": ListSettings(members=("also@dev.test",), aliases=("also@dev.test",))}
    assert list(circles(itself)) == [("me@dev.test",)]


def test_passwords_differ_by_address_number_and_stack_and_stay_the_same() -> None:
    found = {
        passwords.password(seed, address, number)
        for seed in ("s", "t")
        for address in ("anna@dev.test", "bob@dev.test")
        for number in (1, 2)
    }
    assert len(found) == 8
    assert passwords.password("s", "anna@dev.test", 1) in found
    assert all(len(one) == 29 and one.count("-") == 4 for one in found)


def test_a_password_and_its_hash_belong_together() -> None:
    hashed = passwords.hashed("s", "anna@dev.test", 1)
    data = base64.b64decode(hashed.removeprefix("{SSHA512}"))
    secret = passwords.password("s", "anna@dev.test", 1).encode()
    assert hashlib.sha512(secret + data[64:]).digest() == data[:64]
    assert is_hash(hashed)


def test_the_document_has_no_password() -> None:
    given = {"anna@dev.test": {"password_hash": HASHES[3]}}
    settings = check({**STACK, "accounts": given}, frozenset({"accounts"}))
    assert HASHES[3] not in wish.document(settings)


def test_what_is_erased_must_stand_nowhere_else() -> None:
    told = mistakes(
        accounts={"anna@dev.test": {}},
        lists={"team@dev.test": {"members": ["x@y.net"]}},
        remove=["anna@dev.test", "admin@dev.test", "alias.test", "gone@dev.test", "gone.test", "chef@dev.test"],
        domains={"dev.test": {"aliases": ["alias.test"], "catch_all": "chef@dev.test"}},
    )
    by_key = dict(line.split(": ", 1) for line in told)
    assert sorted(by_key) == ["remove[0]", "remove[1]", "remove[2]", "remove[5]"]
    assert 'anna@dev.test is accounts["anna@dev.test"]' in by_key["remove[0]"]
    assert "take it out there first" in by_key["remove[0]"]
    assert "the stack's own account" in by_key["remove[1]"]
    assert "catch_all" in by_key["remove[5]"]
