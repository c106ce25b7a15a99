"""Nodes go down on purpose one after the other only, and take their own ids when all were away."""

import json
import struct
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

import pytest
from lib.foundationdb import pairs
from lib.mailbox import Mailbox, hand_in
from lib.stalwart import leases

from tools.reboot.roll import roll
from tools.status.nodes import Target, targets

from .conftest import Lab, Labs
from .people import administrator, mail, until

pytestmark = [pytest.mark.lab, pytest.mark.timeout(1500)]

NODES = ("mx1", "mx2", "mx3")
REBOOT, BACK = "stalwart-cluster-reboot", "stalwart-cluster-back"
LEASES = rb"g\xff\xff\xff\xff".decode()
CLAIMS = r"\xfe/stalwart-cluster/turn"


@pytest.fixture(scope="module")
def lab(labs: Labs) -> Lab:
    """The cluster, up and proved."""
    nodes: dict[str, dict[str, str]] = {name: {} for name in NODES}
    made = labs.new("trb", platform="lab", nodes=nodes, domains={"dev.test": {}}, lab={"network": "10.84.0.0/24"})
    made.up()
    return made


def exported(lab: Lab) -> Mapping[str, object]:
    """The stack as the operator's commands get it."""
    return {"deployment": lab.stack.export_stack().deployment}


def reached(lab: Lab, *names: str) -> list[Target]:
    """How the operator's command reaches some nodes."""
    return [target for target in targets(exported(lab)) if target.name in names]


def sender(lab: Lab) -> Mailbox:
    """The account that no limit of mails per hour holds back."""
    resources = (lab.stack.export_stack().deployment or {})["resources"]
    password = next(item for item in resources if item["urn"].endswith("::mail-probe-password"))
    _, _, domain = administrator(lab).login.partition("@")
    return Mailbox(f"cluster-probe@{domain}", json.loads(password["outputs"]["result"]["plaintext"]))


def boot(lab: Lab, node: str) -> str:
    """What tells the present boot of a node from every other."""
    return lab.ssh(node, "cat /proc/sys/kernel/random/boot_id").strip()


def said(lab: Lab, node: str, *tags: str) -> list[tuple[float, str]]:
    """What units said, over all boots: seconds of the epoch, and the line."""
    shown = lab.ssh(node, f"journalctl {' '.join(f'-t {tag}' for tag in tags)} -o short-unix --no-pager -q || true")
    lines = (line.split(" ", 3) for line in shown.splitlines() if line and not line.startswith("--"))
    return [(float(line[0]), line[3]) for line in lines]


def last(lab: Lab, node: str, words: str) -> float:
    """When a node last said some words of its reboots; 0 where it never did."""
    return max((moment for moment, line in said(lab, node, REBOOT, BACK) if words in line), default=0)


def fdbcli(lab: Lab, node: str, commands: str) -> str:
    """What fdbcli says on a node."""
    return lab.ssh(node, f"fdbcli --no-status --timeout 20 --exec '{commands}'")


def is_back(lab: Lab, node: str, since: float) -> bool:
    """Whether a node came back from a reboot after some moment."""
    try:
        return last(lab, node, "back after the reboot") > since
    except Exception as trouble:  # noqa: BLE001  # it is just going down
        print(f"{node}: {trouble}")
        return False


@dataclass
class Sent:
    """What became of mails handed in again and again, each to the first node that takes it."""

    taken: int = 0
    refused_by_all: list[str] = field(default_factory=list)


@contextmanager
def mail_all_the_time(lab: Lab) -> Iterator[Sent]:
    """Somebody sends meanwhile, as mail servers do: who finds a node away tries the next one."""
    sent, over = Sent(), threading.Event()
    person, addresses = sender(lab), [lab.address(name) for name in NODES]

    def send() -> None:
        while not over.wait(1):
            troubles = []
            for address in addresses:
                try:
                    hand_in(address, person, [mail(person, f"meanwhile {sent.taken}")])
                except OSError as trouble:  # those of SMTP are among them
                    troubles.append(f"{address}: {trouble}")
                else:
                    sent.taken += 1
                    break
            else:
                sent.refused_by_all.append("; ".join(troubles))

    thread = threading.Thread(target=send)
    thread.start()
    try:
        yield sent
    finally:
        over.set()
        thread.join(120)


def held_leases(lab: Lab, node: str) -> list[leases.Lease]:
    """The leases on node ids, as the database has them."""
    return leases.parse(pairs.parse(fdbcli(lab, node, f"getrange {LEASES} {LEASES}\\xff 100")))


def ids(lab: Lab) -> dict[str, int]:
    """Host name in the mail cluster -> node id; each has one."""
    held = held_leases(lab, "mx1")
    found = {lease.hostname: lease.node_id for lease in held}
    assert sorted(found) == [f"{name}.mail.dev.test" for name in NODES]
    assert len(held) == len(found)
    return found


def age_leases(lab: Lab, node: str, seconds: int) -> None:
    """Make all leases so much older, as an outage does."""
    for lease in held_leases(lab, node):
        key = pairs.escaped(b"g\xff\xff\xff\xff" + struct.pack(">H", lease.node_id))
        value = pairs.escaped(struct.pack(">Q", lease.renewed - seconds) + lease.hostname.encode())
        assert "Committed" in fdbcli(lab, node, f"writemode on; set {key} {value}")


def test_updates_are_security_only_and_install_at_another_time_on_every_node(lab: Lab) -> None:
    times = {lab.ssh(name, "systemctl show -P TimersCalendar apt-daily-upgrade.timer").strip() for name in NODES}
    assert len(times) == 3
    # As its timer does, some minutes later.
    lab.ssh("mx1", "systemctl start --no-block stalwart-cluster-updates")
    installed = "dpkg-query -W -f '${Status}' unattended-upgrades; systemctl is-active stalwart-cluster-updates || true"
    until(lambda: lab.ssh("mx1", installed) == "install ok installedinactive\n", "the package", 300)
    dry = lab.ssh("mx1", "unattended-upgrade --dry-run --debug 2>&1")
    assert "Allowed origins are: origin=Debian,codename=trixie-security,label=Debian-Security\n" in dry
    assert "Initial blacklist: ^foundationdb-\n" in dry
    settings = lab.ssh("mx1", "apt-config dump")
    assert 'APT::Periodic::Unattended-Upgrade "1";' in settings
    assert 'Unattended-Upgrade::Automatic-Reboot "false";' in settings


def test_all_nodes_reboot_one_after_the_other_and_mail_goes_on(lab: Lab) -> None:
    before = [boot(lab, name) for name in NODES]
    lines: list[str] = []
    with mail_all_the_time(lab) as sent:
        roll(reached(lab, *NODES), lines.append)
    print(*lines, f"{sent.taken} mails meanwhile", sep="\n")
    assert not set(before) & {boot(lab, name) for name in NODES}
    assert sent.taken > 10
    assert not sent.refused_by_all
    assert "held" not in fdbcli(lab, "mx1", f"getrange {CLAIMS}/ {CLAIMS}0")
    assert '"maintenance_zone"' not in fdbcli(lab, "mx1", "status json")


def test_two_that_want_to_reboot_at_once_go_one_after_the_other(lab: Lab) -> None:
    began = time.time()
    for name in ("mx2", "mx3"):
        lab.ssh(name, f"systemctl start --no-block {REBOOT}")
    for name in ("mx2", "mx3"):
        until(lambda name=name: is_back(lab, name, began), f"{name} to be back", 300)  # type: ignore[misc]
    (_, first_is_back), (second_goes, _) = sorted(
        (last(lab, name, f": reboot {name}"), last(lab, name, "back after the reboot")) for name in ("mx2", "mx3")
    )
    assert second_goes >= first_is_back


def test_while_a_node_is_dead_no_other_reboots(lab: Lab) -> None:
    before, began = boot(lab, "mx2"), time.time()
    lab.by_hand("kill", "mx1")
    lab.ssh("mx2", f"systemctl start --no-block {REBOOT}")
    waits = "waiting for the cluster to be able to do without mx2"
    until(lambda: last(lab, "mx2", waits) > began, "the gate", 120)
    lab.ssh("mx2", f"systemctl stop {REBOOT}")
    assert boot(lab, "mx2") == before
    assert lab.ssh("mx2", "systemctl is-active stalwart foundationdb").split() == ["active", "active"]
    # Nobody has to wait for a claim that was given up.
    assert "held" not in fdbcli(lab, "mx2", f"getrange {CLAIMS}/ {CLAIMS}0")
    lab.by_hand("start")
    until(lambda: lab.ssh("mx1", "systemctl is-active stalwart || true").strip() == "active", "mx1 to be back", 120)


def test_an_update_that_asks_for_it_reboots_the_host_or_restarts_its_services_in_turn(lab: Lab) -> None:
    began = time.time()
    lab.ssh("mx3", "touch /run/reboot-required; systemctl start --no-block stalwart-cluster-renew")
    until(lambda: is_back(lab, "mx3", began), "mx3 to be back", 180)
    # What an update does to a library that a process has open.
    maps = "/proc/$(systemctl show -P MainPID stalwart)/maps"
    mapped = f"awk '$2 ~ /x/ && $6 ~ /^\\/usr\\/lib.*[.]so/ {{ print $6; exit }}' {maps}"
    lab.ssh("mx3", f'library=$({mapped}); cp -a "$library" "$library.new" && mv "$library.new" "$library"')
    code = "from lib.upkeep.outdated import outdated; print(*outdated())"
    ask = f"cd /usr/local/lib/stalwart-cluster/upkeep && python3 -B -c '{code}'"
    assert "stalwart" in lab.ssh("mx3", ask).split()
    lab.ssh("mx3", "systemctl start --no-block stalwart-cluster-renew")
    until(lambda: "stalwart" not in lab.ssh("mx3", ask).split(), "the mail server to be restarted", 180)
    until(
        lambda: lab.ssh("mx3", "systemctl is-active stalwart-cluster-renew || true").strip() == "inactive",
        "its end",
        90,
    )
    assert lab.ssh("mx3", ask).split() == []
    assert lab.ssh("mx3", "systemctl is-active stalwart").strip() == "active"


def test_a_server_alone_would_take_the_id_of_another_after_an_hour(lab: Lab) -> None:
    """Why there is something to be done before a start at all."""
    for name in NODES:
        lab.ssh(name, "systemctl stop stalwart")
    age_leases(lab, "mx1", 2 * leases.STALE_SECONDS)
    place = "/run/systemd/system/stalwart.service.d"
    lab.ssh(
        "mx2", f"mkdir -p {place}; printf '[Service]\\nExecStartPre=\\n' >{place}/alone.conf; systemctl daemon-reload"
    )
    began = int(time.time())
    lab.ssh("mx2", "systemctl start stalwart")
    until(lambda: any(lease.renewed >= began for lease in held_leases(lab, "mx1")), "mx2 to take a lease", 60)
    (taken,) = [lease for lease in held_leases(lab, "mx1") if lease.renewed >= began]
    assert (taken.node_id, taken.hostname) == (0, "mx1.mail.dev.test")
    lab.ssh("mx2", f"systemctl stop stalwart; rm -r {place}; systemctl daemon-reload")


def test_after_a_total_outage_every_server_takes_its_own_id_whoever_is_first(lab: Lab) -> None:
    own = ids(lab)
    for name in NODES:
        lab.ssh(name, "systemctl stop stalwart")
    age_leases(lab, "mx1", 2 * leases.STALE_SECONDS)
    for name in reversed(NODES):
        began = int(time.time())
        lab.ssh(name, "systemctl start stalwart")
        until(
            lambda name=name, began=began: any(  # type: ignore[misc]
                lease.hostname.startswith(f"{name}.") and lease.renewed >= began for lease in held_leases(lab, "mx1")
            ),
            f"{name} to take its lease",
            60,
        )
        assert ids(lab) == own
    age_leases(lab, "mx1", 2 * leases.STALE_SECONDS)
    for name in NODES:
        lab.by_hand("kill", name)
    lab.by_hand("start")
    until(lambda: all(_greets(lab.address(name)) for name in NODES), "all mail servers to greet", 180)
    assert ids(lab) == own
    assert set(lab.up().summary.resource_changes or {}) == {"same"}


def _greets(address: str) -> bool:
    from lib.turn.gate import silent_mail_nodes  # noqa: PLC0415  # only here

    return not silent_mail_nodes({"it": address})["it"]
