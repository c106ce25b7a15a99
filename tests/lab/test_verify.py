"""`make verify` on three hosts and two domains, with a world outside: a name server and a mail server of Debian's.

In this order: the last tests break what the first ones found right.
"""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from lib.stalwart.jmap import Client
from pulumi.automation import errors

from .conftest import ROOT, Lab, Labs
from .people import administrator

pytestmark = [pytest.mark.lab, pytest.mark.timeout(900)]

NETWORK = "10.88.0.0/24"
WORLD = "/var/lib/stalwart-cluster/lab/stalwart-cluster-tv/mail.world.test"


@pytest.fixture(scope="module")
def lab(labs: Labs) -> Lab:
    """The cluster, up and proved."""
    made = labs.new(
        "tv",
        platform="lab",
        nodes={"mx1": {}, "mx2": {}, "mx3": {}},
        domains={"dev.test": {}, "second.test": {}},
        mail={"domain": "dev.test", "submission": True},
        lab={"network": NETWORK},
    )
    made.up()
    return made


def verified(lab: Lab) -> tuple[int, dict[str, dict[str, Any]]]:
    """What `make verify` says: its exit code, and each check by its name."""
    exported = json.dumps({"deployment": lab.stack.export_stack().deployment})
    line = [sys.executable, "-m", "tools.verify", "--format", "json"]
    done = subprocess.run(line, input=exported, capture_output=True, text=True, check=False, cwd=ROOT, timeout=600)
    print(done.stderr)
    found = json.loads(done.stdout)
    print(json.dumps(found, indent=1))
    return done.returncode, {check["name"]: check for check in found["checks"]}


def accounts(lab: Lab) -> set[str]:
    """The names of all accounts."""
    admin = administrator(lab)
    client = Client(f"https://{lab.address('mx1')}:443", admin.login, admin.password)
    (answer,) = client.call(("x:Account/get", {"ids": None}))
    return {str(item["name"]) for item in answer["list"]}


def test_before_a_verification_there_is_no_world_and_nobody_waits_for_it(lab: Lab) -> None:
    assert not Path(WORLD).exists()
    # Counted on the host: to reach it, the engine is asked first, for its key and its address.
    asked = "began=$(date +%s%N); getent ahosts nowhere.test; echo $((($(date +%s%N) - began) / 1000000))"
    assert int(lab.ssh("mx1", asked).split()[-1]) < 1000, "milliseconds"


def test_everything_is_right_twice_every_node_sends_under_its_name_and_nothing_is_left(lab: Lab) -> None:
    before = accounts(lab)
    for _ in range(2):
        code, checks = verified(lab)
        wrong = {name: check["detail"] for name, check in checks.items() if check["result"] != "right"}
        assert not wrong
        assert code == 0
        for node in ("mx1", "mx2", "mx3"):
            assert f"{lab.address(node)} is out.mail.dev.test" in checks["outgoing-names"]["detail"]
    assert accounts(lab) == before


def test_a_new_key_signs_only_when_the_world_shows_it(lab: Lab) -> None:
    """The world shows what the last verification brought it."""

    def keys(*numbers: int) -> None:
        domains = {"dev.test": {"dkim": {"keys": list(numbers)}}, "second.test": {}}
        lab.config["stalwart-cluster:domains"] = domains

    def signs() -> list[str]:
        return list(lab.outputs()["signing_keys"]["dev.test"]["signs"])

    keys(1, 2)
    lab.up()
    assert signs() == ["s1-ed25519", "s1-rsa"]
    keys(2, 1)
    with pytest.raises(errors.CommandError, match="the world does not show the new key yet"):
        lab.up()
    _, checks = verified(lab)
    assert checks["outgoing-dkim"]["result"] == "right", "the former key goes on"
    lab.up()
    assert signs() == ["s2-ed25519", "s2-rsa"]
    _, checks = verified(lab)
    assert checks["outgoing-dkim"]["result"] == "right"
    keys(2)
    with pytest.raises(errors.CommandError, match="has to stay published until"):
        lab.up()
    lab.config["stalwart-cluster:allow"] = ["signing_key"]
    lab.up()
    assert signs() == ["s2-ed25519", "s2-rsa"]


def test_a_record_that_is_wrong_is_found_by_the_receiver(lab: Lab) -> None:
    """The world's zones are changed by hand: SPF without the cluster's addresses, and no reverse names."""
    deployment = lab.stack.export_stack().deployment or {}
    root = next(item for item in deployment["resources"] if item["type"] == "pulumi:pulumi:Stack")
    zone = root["outputs"]["dns_records"]["dev.test"]
    root["outputs"]["dns_records"]["dev.test"] = zone.replace("v=spf1 a:out.mail.dev.test -all", "v=spf1 -all")
    line = [sys.executable, "-m", "tools.verify", "--format", "json"]
    done = subprocess.run(
        line,
        input=json.dumps({"deployment": deployment}),
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
        timeout=600,
    )
    checks = {check["name"]: check for check in json.loads(done.stdout)["checks"]}
    assert done.returncode == 1
    assert "SPF fail" in checks["outgoing-spf"]["detail"]
    assert checks["outgoing-dmarc"]["result"] == "wrong"
    assert checks["outgoing-dkim"]["result"] == "right"


def test_the_world_goes_with_the_lab(lab: Lab) -> None:
    lab.destroy()
    assert not Path(WORLD).exists()
    assert "10.88.0." not in subprocess.run(["ip", "address"], capture_output=True, text=True, check=True).stdout
