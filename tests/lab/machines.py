"""Lab hosts in the place of rented servers: what a server is ordered with becomes a real Debian host."""

import json
import os
import subprocess
from pathlib import Path

from components.remote.script import Script
from tests.rehearsal.workspace import ROOT
from tests.standins.providers.hcloud.machines import Order

KEPT = Path("/var/lib/stalwart-cluster/lab")
NETWORK = "10.81.0.0/16"
"""Holds the private network of the stack and, beside it, the addresses that stand for public ones."""


class LabMachines:
    """Boots a host per server in a lab of its own, with the keys the server was ordered with."""

    def __init__(self, lab: str) -> None:
        remove_leftovers(lab)
        self._lab = lab
        self._common = {"LAB": lab, "LAB_NETWORK": NETWORK, "LAB_DEBIAN": "13"}
        _run("lab/network.sh", "up", self._common)

    def boot(self, server: Order) -> None:
        """Start the host, and give it its public address beside the private one."""
        config = json.loads(server["user_data"].partition("\n")[2])
        given = {
            "NODE": server["name"],
            "LAB_ADDRESS": server["private_address"],
            "LAB_AUTHORIZED_KEY": "\n".join(server["ssh_keys"]),
            "LAB_HOST_KEY": config["ssh_keys"]["ed25519_private"],
        }
        _run("lab/host.sh", "up", self._common | given)
        inside = ["nsenter", "--net", "--target", leader(self._lab, server["name"])]
        subprocess.run([*inside, "ip", "address", "add", f"{server['ipv4']}/16", "dev", "host0"], check=True)

    def remove(self, name: str) -> None:
        """Remove the host and all it held."""
        given = {"NODE": name, "LAB_ADDRESS": "-", "LAB_AUTHORIZED_KEY": "-", "LAB_HOST_KEY": "-"}
        _run("lab/host.sh", "down", self._common | given)

    def close(self) -> None:
        """Remove the network; the hosts went with the stack."""
        _run("lab/network.sh", "down", self._common)

    def own(self, address: str) -> None:
        """Give this machine an address of the network, as a balancer's."""
        bridge = json.loads(subprocess.run(["ip", "-json", "route"], check=True, capture_output=True).stdout)
        device = next(route["dev"] for route in bridge if route["dst"] == NETWORK)
        subprocess.run(["ip", "address", "add", f"{address}/16", "dev", device], check=True)


def leader(lab: str, node: str) -> str:
    """The process that is number one inside a host."""
    nspawn = (KEPT / lab / node / "process").read_text(encoding="ascii").split()[0]
    return subprocess.run(["pgrep", "-P", nspawn], check=True, capture_output=True, text=True).stdout.split()[0]


def remove_leftovers(lab: str) -> None:
    """Remove the hosts of a run that was killed: their keys are known to nobody any more."""
    if (KEPT / lab).exists():
        line = ["bash", "lab/lab.sh", "remove"]
        subprocess.run(line, check=True, timeout=120, cwd=ROOT / "scripts", env=os.environ | {"LAB": lab})


def _run(path: str, action: str, given: dict[str, str]) -> None:
    payload = Script(path).payload(given)
    subprocess.run(["bash", "-s", "--", action], input=payload, text=True, check=True, timeout=600)
