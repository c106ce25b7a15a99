"""A mail service under load: a case hurts it, and at its end nothing that was accepted may be missing."""

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from ipaddress import IPv4Network
from typing import Any

from lib.mailbox import Mailbox

from tests.chaos import reader
from tests.chaos.ledger import Entry, Ledger
from tests.chaos.load import Load
from tests.chaos.report import Report
from tools.status.differences import differences
from tools.status.look import view
from tools.status.table import render

from .conftest import Lab
from .people import administrator, busy, until

_MOST_NODES = 9


class Service:
    """The mail service of a lab."""

    def __init__(self, lab: Lab) -> None:
        self.lab = lab
        self.late: list[Entry] = []
        self._own_sources()

    @cached_property
    def _who(self) -> tuple[Mailbox, Mailbox]:
        """Who sends to himself, and who looks into the queue."""
        return busy(self.lab, next(iter(self.addresses.values()))), administrator(self.lab)

    @property
    def addresses(self) -> dict[str, str]:
        """The nodes of the stack as it was last brought up."""
        return {name: str(node["address"]) for name, node in self.lab.outputs()["nodes"].items()}

    @contextmanager
    def under_load(self, case: str, longest: float, without: tuple[str, ...] = ()) -> Iterator[Load]:
        """Mail through every node while the case runs.

        At the end nothing that was accepted is missing, and at no time did all nodes together accept nothing for
        longer than so many seconds.

        Args:
            without: nodes that are not alive at the end.
        """
        load = Load(case, *self._who, self.sources)
        try:
            load.through(**self.addresses)
            load.until_accepted(seconds=60)
            load.measure()
            yield load
            report = load.end([node for node in self.addresses if node not in without])
        finally:
            load.stop()
        self._judge(report, longest)

    def _judge(self, report: Report, longest: float) -> None:
        self.late += report.verdict.late
        assert report.ledger.accepted(), "nothing was accepted at all"
        assert not report.verdict.missing, f"{report.case}: accepted and lost: {report.verdict.missing}"
        gap = report.service_gap.seconds
        assert gap <= longest, f"{report.case}: nothing was accepted for {gap:.1f} s, {longest} s are allowed"

    def until_well(self, seconds: float = 180) -> None:
        """Wait until `make status` has nothing to complain of."""
        exported = {"deployment": self.lab.stack.export_stack().deployment}
        said = ""

        def well() -> bool:
            nonlocal said
            seen = view(exported)
            found = differences(seen)
            said = render(seen, found)
            return not any(difference.grave for difference in found)

        try:
            until(well, "a healthy cluster", seconds, pause=2)
        except AssertionError as failure:
            raise AssertionError(f"{failure}\n{said}") from None

    def until_delivered(self, entries: list[Entry], seconds: float) -> None:
        """Wait until what was late is in the inbox."""
        addresses = list(self.addresses.values())
        verdict = reader.look(addresses, *self._who, Ledger(entries), "chaos-", seconds)
        assert not verdict.missing, f"accepted, queued and lost: {verdict.missing}"
        assert not verdict.late, f"still in the queue after {seconds} s: {verdict.late}"

    @cached_property
    def _network(self) -> IPv4Network:
        return IPv4Network(self.lab.config["stalwart-cluster:lab"]["network"])

    @cached_property
    def sources(self) -> dict[str, str]:
        """An address of this machine to send from, for every node there may be."""
        return {f"mx{index}": str(self._network.network_address + 200 + index) for index in range(1, _MOST_NODES + 1)}

    def _own_sources(self) -> None:
        """The lab's bridge carries them; they go with it."""
        line = ["ip", "-json", "address", "show"]
        links: list[dict[str, Any]] = json.loads(subprocess.run(line, check=True, capture_output=True).stdout)
        held = {item["local"]: link["ifname"] for link in links for item in link.get("addr_info", [])}
        bridge = held[str(self._network.network_address + 1)]
        for source in self.sources.values():
            if source not in held:
                subprocess.run(["ip", "address", "add", f"{source}/32", "dev", bridge], check=True)
