"""Updates and reboots: one node at a time, each in its time, and who is not back stops the others."""

from collections.abc import Callable, Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lib.upkeep.outdated import replaced

from components.upkeep.times import spread
from tools.reboot import roll as rolling
from tools.reboot.roll import Stopped, roll
from tools.status.nodes import Seen, Target

NODES = [Target(name, {"host": name}, root=True) for name in ("mx1", "mx2")]


@given(st.integers(0, 23), st.integers(1, 100))
def test_no_two_nodes_install_updates_at_the_same_time(hour: int, nodes: int) -> None:
    times = spread(hour, nodes)
    assert len({time.install for time in times}) == nodes
    assert len({time.renew for time in times}) == nodes
    assert times[0].install == f"{hour:02}:00"


def test_three_nodes_have_a_third_of_an_hour_between_them() -> None:
    assert [(time.install, time.renew) for time in spread(23, 3)] == [
        ("23:00", "00:00"),
        ("23:20", "00:20"),
        ("23:40", "00:40"),
    ]


def test_a_process_with_a_replaced_library_is_found_and_one_with_a_removed_data_file_is_not() -> None:
    maps = """\
7f1 r-xp 00000000 08:01 1   /usr/lib/x86_64-linux-gnu/libssl.so.3 (deleted)
7f2 r-xp 00000000 08:01 2   /usr/lib/x86_64-linux-gnu/libc.so.6
7f3 rw-s 00000000 00:01 3   /dev/zero (deleted)
7f4 r--p 00000000 08:01 4   /usr/share/zoneinfo/UTC (deleted)
7f5 r-xp 00000000 08:01 5   /var/lib/x/y.so (deleted)
"""
    assert replaced(maps) == ["/usr/lib/x86_64-linux-gnu/libssl.so.3"]


class Hosts:
    """What hosts answer: `boot` counts up with every reboot."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.boots = {"mx1": 1, "mx2": 1}
        self.reboots: list[str] = []
        self.refused: dict[str, str] = {}
        self.stay_away: set[str] = set()
        self.cut: Callable[[str], bool] = lambda _: False
        monkeypatch.setattr(rolling, "ask", self.ask)
        monkeypatch.setattr(rolling, "BACK_SECONDS", 0.2)
        monkeypatch.setattr(rolling, "_PAUSE_SECONDS", 0.01)

    def ask(self, target: Target, script: str, values: Mapping[str, str], seconds: float) -> Seen:
        name = target.name
        if script == "upkeep/reboot.py":
            if name in self.refused:
                return Seen(target, {"began": False, "against": self.refused[name]})
            self.reboots.append(name)
            self.boots[name] += 1
            return Seen(target, None, "closed") if self.cut(name) else Seen(target, {"began": True, "against": ""})
        if name in self.stay_away & set(self.reboots):
            return Seen(target, None, "no answer")
        found: dict[str, Any] = {"boot": str(self.boots[name]), "rebooting": False, "last_words": ""}
        return Seen(target, found)


@pytest.fixture
def hosts(monkeypatch: pytest.MonkeyPatch) -> Hosts:
    """Two nodes."""
    return Hosts(monkeypatch)


def test_all_are_rebooted_in_their_order_also_when_the_connection_goes_first(hosts: Hosts) -> None:
    hosts.cut = lambda name: name == "mx1"
    roll(NODES, lambda _: None)
    assert hosts.reboots == ["mx1", "mx2"]


def test_a_refusal_stops_and_says_what_the_host_said(hosts: Hosts) -> None:
    hosts.refused["mx1"] = "mx1: waiting\nmx1: error: gave up: mx2 is not in\nmx1: what to do: mend it"
    with pytest.raises(Stopped, match="mx1 was not rebooted: gave up: mx2 is not in; not rebooted: mx2"):
        roll(NODES, lambda _: None)
    assert hosts.reboots == []


def test_the_next_is_left_alone_while_one_is_not_back(hosts: Hosts) -> None:
    hosts.stay_away = {"mx1"}
    with pytest.raises(Stopped, match="mx1 is not back after .* not rebooted: mx2"):
        roll(NODES, lambda _: None)
    assert hosts.reboots == ["mx1"]


def test_a_connection_that_failed_before_the_host_went_down_is_told_at_once(
    hosts: Hosts, monkeypatch: pytest.MonkeyPatch
) -> None:
    def ask(target: Target, script: str, values: Mapping[str, str], seconds: float) -> Seen:
        if script == "upkeep/reboot.py":
            return Seen(target, None, "Permission denied (publickey).")
        return hosts.ask(target, script, values, seconds)

    monkeypatch.setattr(rolling, "ask", ask)
    with pytest.raises(Stopped, match=r"mx1 was not rebooted: Permission denied \(publickey\)"):
        roll(NODES, lambda _: None)
