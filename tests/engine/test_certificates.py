"""Certificates of the stack's own authority under the real engine: made once, renewed by a run, replaced in place."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509

from components.certificate import life
from components.remote.script import values_of

from .conftest import Hosts, Stack

pytestmark = [pytest.mark.engine, pytest.mark.timeout(300)]


def given(hosts: Hosts) -> dict[str, str]:
    """What the step was last given."""
    return dict(values_of(hosts.given["stored-certificate"]))


def names(pem: str) -> set[str]:
    found = x509.load_pem_x509_certificate(pem.encode()).extensions
    return set(found.get_extension_for_class(x509.SubjectAlternativeName).value.get_values_for_type(x509.DNSName))


def authority(stack: Any) -> x509.Certificate:
    return x509.load_pem_x509_certificate(stack.outputs()["certificate_authority"].value.encode())


def test_it_is_replaced_for_a_name_more_and_near_its_end_and_only_that_runs(
    stack: Stack, hosts: Hosts, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stack().up()
    first, root = given(hosts), authority(stack())
    hosts.names()
    assert set(stack().up().summary.resource_changes or {}) == {"same"}

    more = stack(domains={"dev.test": {"aliases": ["other.test"]}})
    more.up()
    second = given(hosts)
    ran = set(hosts.names())
    assert {"stored-certificate", "directory-apply"} <= ran
    assert not [name for name in ran if name.startswith(("mail-", "fdb-", "nats-"))]
    assert "autoconfig.other.test" in names(second["CHAIN"]) - names(first["CHAIN"])
    assert second["CERTIFICATE_KEY"] == first["CERTIFICATE_KEY"]

    # Time goes by: the last days of its life.
    monkeypatch.setattr(life, "SERVING", life.Life(life.SERVING.hours, life.SERVING.hours + 1))
    more.up()
    third = given(hosts)
    assert hosts.names() == ["stored-certificate"]
    assert third["CHAIN"] != second["CHAIN"]
    assert names(third["CHAIN"]) == names(second["CHAIN"])

    assert authority(more) == root
    for one in (first, second, third):
        x509.load_pem_x509_certificate(one["CHAIN"].encode()).verify_directly_issued_by(root)
    kept = "".join(path.read_text(errors="replace") for path in tmp_path.rglob("*.json*") if path.is_file())
    assert "private-ca" in kept
    assert first["CERTIFICATE_KEY"].splitlines()[1] not in kept


def test_each_run_looks_again_until_the_authority_has_issued_and_then_none_does(stack: Stack, hosts: Hosts) -> None:
    found: dict[str, object] = {"issued": False, "waits_for": "these names to lead to the cluster: mail.dev.test"}

    def say(values: Mapping[str, str]) -> str:
        return json.dumps({"source": "acme", "look": int(values["LOOK"]), **found})

    hosts.printing["certificate/ask.py"] = say
    asking = stack(mail={"certificate": "https://acme.dev.test/directory"})
    asking.up()
    assert asking.outputs()["certificate"].value["waits_for"] == found["waits_for"]
    for look in (2, 3):
        hosts.names()
        told = asking.up()
        assert hosts.names() == ["certificate-asked"]
        assert asking.outputs()["certificate"].value["look"] == look
    assert "LOOK (the authority had not issued when the last run looked) 2 -> 3" in told.stdout

    found = {"issued": True, "not_valid_after": "2027-02-22T00:00:00Z"}
    asking.up()
    assert hosts.names() == ["certificate-asked"]
    assert set(asking.up().summary.resource_changes or {}) == {"same"}
    assert "waits_for" not in asking.outputs()["certificate"].value
