"""Three real hosts: from nothing to a proved cluster, repeated, hurt, healed, removed. In this order."""

import hashlib
import socket
import ssl
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from lib.mailbox import Mailbox, hand_in, subjects
from pulumi import automation

from components.remote import script

from .conftest import Lab, Labs
from .machines import leader
from .people import administrator, mail, status, until

pytestmark = [pytest.mark.lab, pytest.mark.timeout(900)]

UNITS = "foundationdb nats-server stalwart"
NETWORK = "10.79.0.0/24"


@pytest.fixture(scope="module")
def lab(labs: Labs) -> Lab:
    """The cluster, up and proved."""
    made = labs.new(
        "t3",
        platform="lab",
        nodes={"mx1": {}, "mx2": {}, "mx3": {}},
        domains={"dev.test": {}},
        lab={"network": NETWORK},
    )
    made.up()
    return made


@pytest.fixture(scope="module")
def person(lab: Lab) -> Mailbox:
    """Somebody with mail: the administrator."""
    return administrator(lab)


def readable(node: str, person: Mailbox, subject: str) -> Callable[[], bool]:
    def check() -> bool:
        try:
            return subject in subjects(node, person)
        except OSError:
            return False

    return check


def test_mail_from_every_node_is_read_on_every_other(lab: Lab) -> None:
    outputs = lab.outputs()
    pairs = {(pair["from"], pair["to"]) for pair in outputs["verification"]["pairs"]}
    assert pairs == {(a, b) for a in ("mx1", "mx2", "mx3") for b in ("mx1", "mx2", "mx3") if a != b}
    assert outputs["fault_tolerance"]["without_losing_data"] == 1
    assert outputs["fault_tolerance"]["without_losing_availability"] == 1
    assert sorted(node["node_id"] for node in outputs["nodes"].values()) == [0, 1, 2]
    assert outputs["rehearsal"] is True


def test_no_host_has_a_control_group_in_common_with_another(lab: Lab) -> None:
    """The systemd of each would take away the groups of the others' units, and fail to start its own."""
    groups = [
        Path(f"/proc/{leader('stalwart-cluster-t3', node)}/cgroup").read_text() for node in lab.outputs()["nodes"]
    ]
    named = [{line for line in text.splitlines() if line.endswith("/init.scope")} for text in groups]
    assert all(named)
    assert len(set.union(*named)) == sum(map(len, named))


def test_every_node_shows_the_certificate_of_the_stacks_authority(lab: Lab) -> None:
    """Whoever trusts the authority verifies every node, by each of its names, on every port that begins with TLS."""
    outputs = lab.outputs()
    trusting = ssl.create_default_context(cadata=outputs["certificate_authority"])
    names = ("mail.dev.test", "mx2.mail.dev.test", "autoconfig.dev.test")
    shown = set()
    for node in ("mx1", "mx2", "mx3"):
        for name, port in zip(names, (443, 465, 993), strict=True):
            with (
                socket.create_connection((lab.address(node), port), 10) as plain,
                trusting.wrap_socket(plain, server_hostname=name) as secured,
            ):
                shown.add(hashlib.sha256(secured.getpeercert(binary_form=True) or b"").hexdigest())
    assert shown == {outputs["certificate"]["sha256"]}


def test_the_first_mail_server_starts_twice_and_is_never_cut_short(lab: Lab) -> None:
    """Once on the empty database, whose defaults it makes, and once to take up listeners and coordinator."""
    counted = {node: lab.ssh(node, "journalctl -u stalwart -o cat | grep -c '^Started'") for node in ("mx1", "mx2")}
    assert {node: int(count) for node, count in counted.items()} == {"mx1": 2, "mx2": 1}


def test_the_proof_leaves_no_mail_behind(lab: Lab) -> None:
    counted = lab.ssh(
        "mx1", "fdbcli --no-status --timeout 10 --exec 'getrange mail/ mail0 5' | grep -c cluster-probe || true"
    )
    assert counted.strip() == "0"


def test_an_unchanged_up_changes_nothing(lab: Lab) -> None:
    assert set(lab.up().summary.resource_changes or {}) == {"same"}


def test_every_step_run_again_restarts_nothing(lab: Lab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A comment in every script makes every step run again on hosts that are as they shall be."""
    subprocess.run(["cp", "-a", str(script.SCRIPTS), str(tmp_path / "scripts")], check=True)
    for path in (tmp_path / "scripts").glob("*/*"):
        if path.parent.name not in {"lib", "lab"} and path.suffix in {".sh", ".py"}:
            path.write_text(path.read_text() + "# run again\n")
    monkeypatch.setattr(script, "SCRIPTS", tmp_path / "scripts")

    def processes() -> list[str]:
        show = f"systemctl show -P MainPID -P ExecMainStartTimestampMonotonic {UNITS}; pgrep -x fdbserver || true"
        return [lab.ssh(node, show) for node in ("mx1", "mx2", "mx3")]

    def files() -> list[str]:
        places = "/etc/foundationdb /etc/stalwart /etc/nats* /etc/systemd/system /etc/hosts /etc/hostname"
        show = f"find {places} -type f -printf '%p %T@ %i\\n' | sort"
        return [lab.ssh(node, show) for node in ("mx1", "mx2", "mx3")]

    before = processes(), files()
    changes = {str(kind): count for kind, count in (lab.up().summary.resource_changes or {}).items()}
    assert changes["update"] >= 24
    assert (processes(), files()) == before


def test_mending_sends_a_host_again_what_its_steps_run_and_somebody_removed(lab: Lab) -> None:
    kept = "ls /var/lib/stalwart-cluster/scripts"
    before = lab.ssh("mx2", kept)
    lab.ssh("mx2", "rm -r /var/lib/stalwart-cluster/scripts")
    lab.config["stalwart-cluster:mend"] = "scripts"
    lab.up()
    assert len(lab.ssh("mx2", kept).split()) == len(before.split()) > 10


def test_no_secret_can_be_read_by_others_on_a_host(lab: Lab) -> None:
    secrets = r"NATS_PASSWORD=|password: \"|mail:[0-9a-f]{32}@"
    places = "/etc /var/lib /usr/local /run /tmp -xdev -not -path '/var/lib/apt/*'"
    search = f"find {places} -type f -perm /o=r -exec grep -lIE '{secrets}' {{}} + || true"
    assert lab.ssh("mx1", search) == ""


def test_the_recovery_administrator_is_gone(lab: Lab) -> None:
    assert "gone" in lab.ssh("mx1", "test -e /run/stalwart-cluster/recovery.env || echo gone")
    environment = lab.ssh("mx1", "tr '\\0' '\\n' </proc/$(systemctl show -P MainPID stalwart)/environ")
    assert "NATS_PASSWORD" in environment
    assert "RECOVERY" not in environment


def test_administration_in_clear_is_on_loopback_only(lab: Lab) -> None:
    listening = lab.ssh("mx1", "ss -Hltn 'sport = :8080' | awk '{print $4}'").split()
    assert listening == ["127.0.0.1:8080"]


def test_with_a_node_lost_the_mail_is_still_there_and_more_comes_in(lab: Lab, person: Mailbox) -> None:
    first, second, third = (lab.address(node) for node in ("mx1", "mx2", "mx3"))
    hand_in(first, person, [mail(person, "before the loss")])
    until(readable(second, person, "before the loss"), "the mail on mx2")
    lab.by_hand("kill", "mx1")
    until(readable(second, person, "before the loss"), "the mail to be readable without mx1")
    hand_in(third, person, [mail(person, "during the loss")])
    until(readable(second, person, "during the loss"), "a new mail without mx1")


def test_status_tells_which_node_is_lost(lab: Lab) -> None:
    began = time.monotonic()
    code, text = status(lab)
    assert time.monotonic() - began < 30
    assert code == 1
    assert "mx1 cannot be reached" in text
    assert "0 zones may fail without losing data, 1 are wanted" in text


def test_up_fails_and_names_the_host_that_is_lost(lab: Lab) -> None:
    lab.config["stalwart-cluster:mail"] = {"submission": True}
    with pytest.raises(automation.CommandError) as failed:
        lab.up()
    assert "10.79.0.11" in str(failed.value)


def test_a_node_that_comes_back_is_taken_in_by_itself(lab: Lab, person: Mailbox) -> None:
    lab.by_hand("start")
    until(readable(lab.address("mx1"), person, "during the loss"), "the mail on mx1 again", 90)


def test_the_next_up_finishes_what_the_failed_one_began(lab: Lab) -> None:
    lab.up()
    assert "587" in lab.ssh("mx2", "ss -Hltn 'sport = :587'")
    assert set(lab.up().summary.resource_changes or {}) == {"same"}


def test_a_lab_starts_again_after_a_reboot_of_its_machine(lab: Lab, person: Mailbox) -> None:
    """A reboot ends every host and forgets bridge, addresses and rules; what lies on disk stays."""
    lab.by_hand("stop")
    digest = hashlib.sha256(b"stalwart-cluster-t3").hexdigest()[:8]
    subprocess.run(["ip", "link", "delete", f"lab-{digest}"], check=True)
    subprocess.run(["nft", "delete", "table", "ip", f"lab_{digest}"], check=True)
    lab.by_hand("start")
    for node in ("mx1", "mx2", "mx3"):
        until(readable(lab.address(node), person, "during the loss"), f"the mail on {node} again", 120)
    assert set(lab.up().summary.resource_changes or {}) == {"same"}


def test_another_stack_is_refused_on_these_hosts(lab: Lab) -> None:
    given = {
        "NODE": "mx1", "CLUSTER_ID": "another", "STACK": "other/dev", "ADDRESS": lab.address("mx1"),
        "HOSTS": "x", "CLUSTER": "{}", "PACKAGES": "", "ADDRESS_SECONDS": "0", "DEVICE": "",
        "DISK_KEY": "", "TANG_PORT": "",
        "MIN_MEMORY_MIB": "1024", "MIN_DISK_GIB": "1",
    }  # fmt: skip
    lab.ssh("mx1", "true")
    options = ["-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null", "-o", "LogLevel=ERROR"]
    line = ["ssh", *options, "-i", str(lab.home / "key"), f"root@{lab.address('mx1')}", "bash -s"]
    payload = script.Script("host/prepare.sh").payload(given)
    done = subprocess.run(line, input=payload, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 1
    assert "it belongs to stack stalwart-cluster/t3 as node mx1" in done.stderr


def test_destroy_leaves_nothing_behind(lab: Lab) -> None:
    lab.destroy()
    assert not Path("/var/lib/stalwart-cluster/lab/stalwart-cluster-t3").exists()
    assert "10.79.0." not in subprocess.run(["ip", "address"], capture_output=True, text=True, check=True).stdout
    assert (
        "10.79.0." not in subprocess.run(["nft", "list", "ruleset"], capture_output=True, text=True, check=True).stdout
    )
    assert not subprocess.run(["pgrep", "-f", "stalwart-cluster-t3"], capture_output=True, check=False).stdout
