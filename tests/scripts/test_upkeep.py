"""A host keeps itself up to date by units of systemd; what the stack file no longer wants goes."""

import json

import pytest

from .conftest import Sandbox

INSTALL = {"NODE": "mx1", "SECURITY": "yes", "RENEW": "yes", "INSTALL_AT": "03:20", "RENEW_AT": "04:20"}
PROGRAM = "/usr/local/lib/stalwart-cluster/upkeep"
APT = "/etc/apt/apt.conf.d/52stalwart-cluster"
INSTALL_TIMER = "/etc/systemd/system/apt-daily-upgrade.timer.d/stalwart-cluster.conf"
RENEW_TIMER = "/etc/systemd/system/stalwart-cluster-renew.timer"
MARK = "/var/lib/stalwart-cluster/reboot.json"

# A database that keeps one claim, and does not answer to the first one that is held.
FDBCLI = """
text=${@: -1}
case $text in
getrange*)
  echo 'Range limited to 1000 keys'
  [[ ! -e /run/claim ]] || echo "\\`\\xfe/stalwart-cluster/turn/mx1' is \\`$(cat /run/claim)'" ;;
*'; set '*)
  value=${text#*\\"}
  echo "${value%\\"}" >/run/claim
  if [[ $value == held* ]]; then echo $$ >/run/held; exec sleep 60; fi
  echo Committed ;;
*'; clear '*) rm -f /run/claim; echo Committed ;;
esac
"""
CLUSTER = {
    "tolerance": 1,
    "nodes": {"mx1": {"address": "10.0.0.1", "hostname": "mx1.x.test", "zone": "a", "mail": True}},
}

# Remembers which units are enabled.
SYSTEMCTL = """
mkdir -p /run/enabled
case $1 in
is-enabled) [[ -e "/run/enabled/${@: -1}" ]] && echo enabled ;;
enable) for unit in "${@:2}"; do [[ $unit == -* ]] || touch "/run/enabled/$unit"; done ;;
disable) rm -f "/run/enabled/${@: -1}" ;;
esac
"""


@pytest.fixture
def host(sandbox: Sandbox) -> Sandbox:
    """A host whose systemd remembers what is enabled."""
    sandbox.program("systemctl", SYSTEMCTL)
    return sandbox


def test_updates_and_reboots_have_their_times_and_a_second_run_changes_nothing(host: Sandbox) -> None:
    done = host.run("upkeep/install.sh", **INSTALL)
    assert done.code == 0, done.err
    assert "OnCalendar=\nOnCalendar=*-*-* 03:20:00 UTC\n" in host.file(INSTALL_TIMER).read_text()
    assert "OnCalendar=*-*-* 04:20:00 UTC\n" in host.file(RENEW_TIMER).read_text()
    assert 'Automatic-Reboot "false"' in host.file(APT).read_text()
    assert "stalwart" in host.file("/etc/needrestart/conf.d/stalwart-cluster.conf").read_text()
    assert host.file(f"{PROGRAM}/lib/upkeep/reboot.py").is_file()
    before, calls = host.written(), len(host.calls("systemctl"))
    assert host.run("upkeep/install.sh", **INSTALL).code == 0
    assert host.written() == before
    later = host.calls("systemctl")[calls:]
    assert not [call for call in later if call.split()[0] in {"daemon-reload", "restart", "enable", "disable"}]


def test_another_hour_restarts_the_timers_and_nothing_else(host: Sandbox) -> None:
    host.run("upkeep/install.sh", **INSTALL)
    calls = len(host.calls("systemctl"))
    assert host.run("upkeep/install.sh", **{**INSTALL, "INSTALL_AT": "05:20", "RENEW_AT": "06:20"}).code == 0
    restarted = {call.split()[-1] for call in host.calls("systemctl")[calls:] if call.startswith("restart")}
    assert restarted == {"stalwart-cluster-renew.timer", "apt-daily-upgrade.timer"}


def test_what_is_not_wanted_any_more_goes_and_the_reboot_by_command_stays(host: Sandbox) -> None:
    host.run("upkeep/install.sh", **INSTALL)
    assert host.run("upkeep/install.sh", **{**INSTALL, "SECURITY": "", "RENEW": ""}).code == 0
    assert not host.file(APT).exists()
    assert not host.file(INSTALL_TIMER).exists()
    assert "disable --now --quiet stalwart-cluster-renew.timer" in host.calls("systemctl")
    assert host.file("/etc/systemd/system/stalwart-cluster-reboot.service").exists()


def test_a_reboot_that_is_refused_is_told_with_what_the_host_said(host: Sandbox) -> None:
    host.program("systemctl", "[[ $1 != show ]] || echo loaded; [[ $1 != start ]]")
    host.program("journalctl", "echo 'mx1: error: mx2 is not in'")
    done = host.run("upkeep/reboot.py", NODE="mx1")
    assert json.loads(done.out) == {"began": False, "against": "mx1: error: mx2 is not in"}


@pytest.mark.parametrize("ended_by", ["TERM", "KILL"])
def test_a_reboot_that_is_stopped_while_its_claim_is_written_leaves_none(host: Sandbox, ended_by: str) -> None:
    """As systemd does it: the signal, then what the unit has for afterwards."""
    assert host.run("upkeep/install.sh", **INSTALL).code == 0
    host.program("fdbcli", FDBCLI)
    host.file("/etc/stalwart-cluster/cluster.json", json.dumps(CLUSTER))
    done = host.bash(f"""
      export NODE=mx1
      python3 -B {PROGRAM} reboot & reboot=$!
      until [[ -s /run/held ]]; do sleep 0.05; done
      kill -{ended_by} $reboot
      wait $reboot || true
      kill "$(cat /run/held)" 2>/dev/null || true
      [[ {ended_by} == KILL ]] || ls /run/claim
      SERVICE_RESULT=signal python3 -B {PROGRAM} undo
    """)
    assert done.code == 0, done.err
    assert ("cannot access '/run/claim'" in done.err) == (ended_by == "TERM")
    assert not host.file("/run/claim").exists()
    assert not [call for call in host.calls("systemctl") if call.startswith(("stop", "start stalwart", "reboot"))]


def test_a_host_without_the_program_says_how_to_get_it(host: Sandbox) -> None:
    host.program("systemctl", "echo not-found")
    done = host.run("upkeep/reboot.py", NODE="mx1")
    assert done.code == 1
    assert "make up installs it" in done.err


def test_a_host_that_goes_down_begins_to_reboot_though_its_unit_was_cancelled(host: Sandbox) -> None:
    mark = '{\\"boot\\": \\"$(cat /proc/sys/kernel/random/boot_id)\\", \\"why\\": \\"x\\"}'
    host.program(
        "systemctl",
        f"[[ $1 != show ]] || echo loaded\n[[ $1 != start ]] || {{ mkdir -p {MARK.rsplit('/', 1)[0]};"
        f' echo "{mark}" >{MARK}; exit 1; }}',
    )
    done = host.run("upkeep/reboot.py", NODE="mx1")
    assert json.loads(done.out)["began"] is True


def test_the_state_of_a_host_tells_its_boot_and_whether_it_is_still_away(host: Sandbox) -> None:
    host.program("journalctl", "echo 'mx1: waiting'")
    before = json.loads(host.run("upkeep/state.py", NODE="mx1").out)
    host.file(MARK, "{}")
    after = json.loads(host.run("upkeep/state.py", NODE="mx1").out)
    assert (before["rebooting"], after["rebooting"], after["boot"]) == (False, True, before["boot"])
