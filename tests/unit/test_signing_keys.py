"""Signing keys: their records, and the turn in which one follows another: a key that signs is one that is shown."""

import base64
import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_der_public_key, load_pem_public_key
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from lib.directory import domains, keys
from lib.directory.keys import Signature
from lib.directory.wish import Domain, parse
from lib.stalwart.change import Change

from components.directory import wish as program
from components.dkim import record
from components.dns import quoted
from components.settings import SettingsError, check
from tests.standins.providers.generated import key_pair

NOW = datetime(2026, 11, 25, tzinfo=UTC)
STACK: dict[str, Any] = {"platform": "lab", "nodes": {"mx1": {}, "mx2": {}, "mx3": {}}}
ACTIVE = "active"


def tags(text: str) -> dict[str, str]:
    """The tags of a record's text (RFC 6376, 3.2)."""
    return dict(part.strip().partition("=")[::2] for part in text.split(";"))


@pytest.mark.parametrize(("kind", "algorithm"), record.KINDS.items())
def test_the_record_holds_the_public_key(kind: str, algorithm: str) -> None:
    pair = key_pair(algorithm)
    found = tags(record.text(kind, pair["publicKeyPem"]))
    real = load_pem_public_key(pair["publicKeyPem"].encode())
    data = base64.b64decode(found["p"], validate=True)
    shown = Ed25519PublicKey.from_public_bytes(data) if kind == "ed25519" else load_der_public_key(data)
    assert shown == real
    assert (found["v"], found["k"], found["h"]) == ("DKIM1", kind, "sha256")


def test_a_long_record_is_put_together_again_by_who_reads_it() -> None:
    text = record.text("rsa", key_pair("RSA")["publicKeyPem"])
    assert len(text) > 255
    assert "".join(quoted(text).replace('" "', "").strip('"')) == text


def signature(key: str, stage: str, until: datetime | None = None, kind: str = "rsa") -> Signature:
    selector = f"v1-{kind}-20261125" if key == "server" else record.selector(key, kind)
    return Signature(f"id-{selector}", "d", kind, selector, stage, f"{key}{kind}", until)


def pair(key: str, stage: str, until: datetime | None = None) -> list[Signature]:
    return [signature(key, stage, until, kind) for kind in record.KINDS]


def texts(domain: Domain) -> dict[str, str]:
    """What the program publishes for the keys with numbers."""
    return {one.selector: one.text for key in domain.keys if key != "server" for one in pair(key, "")}


def after(here: list[Signature], domain: Domain, changes: list[Change]) -> list[Signature]:
    """The keys after the calls."""
    found = {one.id: one for one in here}
    for change in changes:
        _, arguments = change.call
        for value in arguments.get("create", {}).values():
            kind = "rsa" if "Rsa" in value["@type"] else "ed25519"
            made = Signature("", "d", kind, value["selector"], value["stage"], "")
            found[f"id-{made.selector}"] = replace(made, id=f"id-{made.selector}", public=f"{made.key}{kind}")
        for identity, value in arguments.get("update", {}).items():
            before = found[identity]
            until = value.get("nextTransitionAt")
            found[identity] = replace(
                before,
                stage=value.get("stage", before.stage),
                until=datetime.fromisoformat(until) if until else None,
                public=f"{before.key}{before.kind}",
            )
        for identity in arguments.get("destroy", []):
            del found[identity]
    return list(found.values())


def added(domain: Domain, here: list[Signature]) -> list[Signature]:
    changes = [change for _, change in keys.additions(domain, "d", here, texts(domain))]
    return after(here, domain, changes)


def test_a_new_domain_signs_at_once_with_the_first_of_its_keys() -> None:
    domain = Domain("dev.test", keys=("1", "2"))
    here = added(domain, [])
    assert {one.selector for one in here if one.signs} == {"s1-rsa", "s1-ed25519"}
    assert {one.selector for one in here if not one.signs} == {"s2-rsa", "s2-ed25519"}
    assert not keys.turn(domain, here, NOW, early=False).changes
    assert not list(keys.additions(domain, "d", here, texts(domain)))


def test_a_second_key_waits_beside_the_first() -> None:
    domain = Domain("dev.test", keys=("2", "1"))
    here = added(domain, pair("1", ACTIVE))
    assert {one.key for one in here if one.signs} == {"1"}
    turn = keys.turn(domain, here, NOW, early=False)
    assert {one.selector for one in turn.unseen} == {"s2-rsa", "s2-ed25519"}
    done = after(here, domain, list(turn.changes))
    assert {one.key for one in done if one.signs} == {"2"}
    assert {one.until for one in done if not one.signs} == {NOW + timedelta(days=7)}


@pytest.mark.parametrize(
    ("here", "early", "said"),
    [
        (pair("1", ACTIVE), False, "still signs"),
        (pair("1", ACTIVE), True, "still signs"),
        (pair("1", "retiring", NOW + timedelta(days=1)), False, "until 2026-11-26 00:00 UTC"),
        (pair("1", "retiring"), False, "some days more"),
        (pair("1", "retiring", NOW + timedelta(days=1)), True, ""),
        (pair("1", "retiring", NOW), False, ""),
        (pair("1", "pending"), False, ""),
    ],
)
def test_a_key_goes_only_when_it_was_kept_enough(here: list[Signature], early: bool, said: str) -> None:  # noqa: FBT001
    domain = Domain("dev.test", keys=("2",))
    here = [*here, *pair("2", ACTIVE)] if not here[0].signs else here
    refused = list(keys.refusals(domain, here, NOW, early=early))
    assert all(said in sentence for sentence in refused)
    assert bool(refused) == bool(said)
    if not said:
        left = after(here, domain, list(keys.turn(domain, here, NOW, early=early).changes))
        assert {one.key for one in left} == {"2"}


def test_the_turn_itself_takes_nothing_out_before_its_time() -> None:
    domain = Domain("dev.test", keys=("2",))
    here = [*pair("2", ACTIVE), *pair("1", "retiring", NOW + timedelta(days=1))]
    assert not keys.turn(domain, here, NOW, early=False).changes


def test_the_servers_keys_stay_and_wait_like_any_other() -> None:
    here = pair("server", ACTIVE)
    only_ours = Domain("dev.test", keys=("1",))
    assert all("say dkim.keys: [1, server]" in text for text in keys.refusals(only_ours, here, NOW, early=False))
    both = Domain("dev.test", keys=("1", "server"))
    assert not list(keys.refusals(both, here, NOW, early=False))
    assert keys.management(both, here) == "Manual"
    here = added(both, here)
    assert {one.key for one in here if one.signs} == {"server"}
    done = after(here, both, list(keys.turn(both, here, NOW, early=False).changes))
    assert {one.key for one in done if one.signs} == {"1"}


def test_a_domain_is_made_without_keys_unless_the_server_makes_them_first() -> None:
    """The default domain is made before all others, when nothing of keys is known yet: the directory sees to it."""
    assert domains.new(Domain("dev.test"))["dkimManagement"] == {"@type": "Manual"}
    assert domains.new(Domain("dev.test", keys=("server", "1")))["dkimManagement"] == {"@type": "Automatic"}


def test_the_server_is_told_to_make_keys_only_where_there_are_none() -> None:
    server = Domain("dev.test", keys=("server",))
    assert keys.management(server, []) == "Automatic"
    assert keys.management(server, pair("server", ACTIVE)) is None
    assert list(keys.refusals(Domain("dev.test", keys=("server", "1")), pair("1", ACTIVE), NOW, early=False))
    assert list(keys.refusals(Domain("dev.test", keys=("1", "server")), [], NOW, early=False))


def test_another_key_under_a_number_is_put_in_its_place() -> None:
    domain = Domain("dev.test", keys=("1",))
    here = [replace(one, public="other") for one in pair("1", ACTIVE)]
    changes = list(keys.additions(domain, "d", here, texts(domain)))
    assert [change.what for _, change in changes] == [
        "signing key s1-ed25519 of dev.test: another key",
        "signing key s1-rsa of dev.test: another key",
    ]


def test_what_differs_is_said() -> None:
    domain = Domain("dev.test", keys=("2", "1"))
    found = list(keys.differences(domain, [*pair("1", ACTIVE), *pair("3", "pending")], texts(domain)))
    assert "the signing key s2-rsa of dev.test is missing" in found
    assert "mail of dev.test is signed by key 1, not by key 2" in found
    assert "the signing key s3-rsa of dev.test is there and not listed" in found
    assert not list(keys.differences(domain, [*pair("2", ACTIVE), *pair("1", "retiring")], texts(domain)))
    assert "nothing signs the mail of dev.test" in list(keys.differences(domain, pair("2", "pending"), {}))


LISTS = st.lists(st.sampled_from(["1", "2", "3", "server"]), min_size=1, max_size=3, unique=True).map(tuple)


class Rotation(RuleBasedStateMachine):
    """Any lists, in any order, with a world that shows records late, and hands that interrupt a run anywhere."""

    def __init__(self) -> None:
        super().__init__()
        self.now = NOW
        self.here: list[Signature] = []
        self.shown: dict[str, str] = {}
        self.domain = Domain("dev.test", keys=("1",))
        self.last_signed: dict[str, datetime] = {}

    @initialize(first=st.sampled_from(["1", "server"]))
    def domain_is_made(self, first: str) -> None:
        self.domain = Domain("dev.test", keys=(first,))
        self.here = pair("server", ACTIVE) if first == "server" else added(self.domain, [])
        self._publish()
        self._signed()

    def _publish(self) -> None:
        """The program's records, and those of the server's keys where they are listed."""
        server = {one.selector: one.text for one in self.here if one.key == "server" and "server" in self.domain.keys}
        published = texts(self.domain) | server
        for selector in self.shown.keys() - published.keys():
            signed = self.last_signed.get(selector)
            assert signed is None or self.now - signed >= timedelta(days=7), "a record goes too early"
        self.shown = published

    def _signed(self) -> None:
        for one in self.here:
            if one.signs:
                self.last_signed[one.selector] = self.now

    @rule(wanted=LISTS, lags=st.booleans(), interrupted=st.booleans())
    def up(self, wanted: tuple[str, ...], lags: bool, interrupted: bool) -> None:  # noqa: FBT001
        """One run: refused, or keys are added, records published, and the turn made if the world shows them."""
        domain = replace(self.domain, keys=wanted)
        if list(keys.refusals(domain, self.here, self.now, early=False)):
            return
        self._signed()
        self.here = added(domain, self.here)
        if interrupted:
            return
        old = self.domain
        self.domain = domain
        late = dict(self.shown)
        if lags:
            # The records that are new are not there yet; nothing is taken away by a run that fails at its end.
            turn = keys.turn(domain, self.here, self.now, early=False)
            if all(late.get(one.selector) == one.text for one in turn.unseen):
                self.here = after(self.here, domain, list(turn.changes))
                self._publish()
            else:
                self.domain = old
            return
        turn = keys.turn(domain, self.here, self.now, early=False)
        published = {**late, **texts(domain)}
        assert all(published.get(one.selector) == one.text for one in turn.unseen)
        self.here = after(self.here, domain, list(turn.changes))
        self._publish()

    @rule(days=st.integers(min_value=1, max_value=9))
    def time_goes_by(self, days: int) -> None:
        self._signed()
        self.now += timedelta(days=days)
        self._signed()

    @precondition(lambda self: len(self.here) > 0)
    @rule()
    def the_world_catches_up(self) -> None:
        self.shown = {**self.shown, **texts(self.domain)}

    @invariant()
    def every_key_that_signs_is_shown(self) -> None:
        for one in self.here:
            assert not one.signs or self.shown.get(one.selector) == one.text, one.selector

    @invariant()
    def something_signs(self) -> None:
        assert not self.here or any(one.signs for one in self.here)


TestRotation = Rotation.TestCase


@given(LISTS)
def test_the_program_and_the_scripts_mean_the_same_keys(wanted: tuple[str, ...]) -> None:
    settings = check({**STACK, "domains": {"dev.test": {"dkim": {"keys": list(wanted), "keep_days": 3}}}})
    (domain,) = parse(program.document(settings)).domains
    assert (domain.keys, domain.keep_days) == (wanted, 3)


@pytest.mark.parametrize(
    ("section", "said"),
    [
        ({"keys": []}, "must not be empty"),
        ({"keys": [1, "1"]}, "1 stands there more than once"),
        ({"keys": [0]}, "a key is a number from 1 to 999, or server"),
        ({"keys": ["mine"]}, "a key is a number from 1 to 999, or server"),
        ({"keys": [True]}, "a key is a number from 1 to 999, or server"),
        ({"keys": [1], "keep_days": 0}, "keep_days"),
    ],
)
def test_a_wrong_list_is_told(section: Mapping[str, Any], said: str) -> None:
    with pytest.raises(SettingsError, match="domains") as refused:
        check({**STACK, "domains": {"dev.test": {"dkim": section}}})
    assert said in str(refused.value)


def test_a_number_may_be_written_as_text() -> None:
    settings = check({**STACK, "domains": {"dev.test": {"dkim": {"keys": ["2", 1]}}}})
    assert settings.domains["dev.test"].dkim.keys == ("2", "1")
    assert json.loads(program.document(settings))["domains"][0]["keys"] == ["2", "1"]
