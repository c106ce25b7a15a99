"""BIND from Debian's package, as a process of its own on loopback: a primary name server that takes signed updates."""

import os
import socket
import subprocess
import time
from collections.abc import Iterable, Sequence
from pathlib import Path

import dns.message
import dns.query
import dns.rdatatype

ROOT = Path(__file__).parents[2]
# Unpacked there by tools/setup.sh, and never installed: nothing of it runs unless a test starts it.
NAMED = ROOT / ".tools/bind9/usr/sbin/named"

KEY = {
    "KEY_NAME": "mail-key",
    "KEY_ALGORITHM": "hmac-sha256",
    "KEY_SECRET": "c2VjcmV0IG9mIHRoZSB0ZXN0cywgbm90IG9mIGFueWJvZHk=",
}
# May write nothing but TXT, in the zones that have a policy.
CHALLENGE_KEY = {**KEY, "KEY_NAME": "challenge-key", "KEY_SECRET": "YW5vdGhlciBzZWNyZXQsIG9mIG5vYm9keSBlaXRoZXI="}
KEYS = (KEY, CHALLENGE_KEY)
_HEAD = "$TTL 300\n@ SOA ns hostmaster 1 3600 600 86400 60\n@ NS ns\nns A 127.0.0.1\n"


class Bind:
    """A running server. `zones` can be written with the key, `fixed` cannot."""

    def __init__(
        self, place: Path, zones: Sequence[str], fixed: Iterable[str] = (), beside: str = "", port: int | None = None
    ) -> None:
        self.port = port or _free_port()
        # BIND reads and writes its zones as whoever runs it.
        for zone in [*zones, *fixed]:
            (place / f"{zone}.db").write_text(_HEAD + beside)
        policies = [
            "update-policy { grant mail-key zonesub ANY; grant challenge-key zonesub TXT; };",
            "allow-update { key mail-key; };",
        ]
        lines = [
            f'options {{ directory "{place}"; listen-on port {self.port} {{ 127.0.0.1; }}; listen-on-v6 {{ none; }};',
            "recursion no; pid-file none; session-keyfile none; dnssec-validation no; };",
            "controls {};",
            *(f'key "{key["KEY_NAME"]}" {{ algorithm hmac-sha256; secret "{key["KEY_SECRET"]}"; }};' for key in KEYS),
            *(_zone(zone, policies[index % 2]) for index, zone in enumerate(zones)),
            *(_zone(zone, "") for zone in fixed),
        ]
        (place / "named.conf").write_text("\n".join(lines) + "\n")
        self.log = place / "log"
        with self.log.open("w") as log:
            line = [str(NAMED), "-g", "-c", str(place / "named.conf")]
            self._process = subprocess.Popen(line, stdout=log, stderr=log, cwd=place)
        self._until_it_answers(zones[0])

    @property
    def server(self) -> str:
        """As a stack file names it."""
        return f"127.0.0.1:{self.port}"

    def values(self, name: str, kind: str) -> set[str]:
        """The records of a name and type; aliases are not followed."""
        answer = dns.query.tcp(dns.message.make_query(name, kind), "127.0.0.1", port=self.port, timeout=5)
        wanted = dns.rdatatype.from_text(kind)
        return {value.to_text() for rrset in answer.answer if rrset.rdtype == wanted for value in rrset}

    def stop(self) -> None:
        """End it; its zones stay where they are."""
        self._process.terminate()
        self._process.wait(20)

    def _until_it_answers(self, zone: str) -> None:
        end = time.monotonic() + 20
        while time.monotonic() < end:
            try:
                if self.values(zone, "SOA"):
                    return
            except OSError:
                time.sleep(0.05)
        raise AssertionError(f"BIND does not answer:\n{self.log.read_text()}")


def _zone(name: str, policy: str) -> str:
    return f'zone "{name}" {{ type primary; file "{name}.db"; {policy} }};'


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def environment() -> dict[str, str]:
    """What publish.sh finds on this machine: the Python of the tests first."""
    return {"PATH": f"{ROOT}/.venv/bin:{os.environ['PATH']}"}
