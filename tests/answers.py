"""What each step of the program prints when all goes well, for tiers that run no step."""

import json
import re
from typing import Any

STATUS: dict[str, Any] = {
    "redundancy_mode": "double",
    "zone_failures_without_losing_data": 1,
    "zone_failures_without_losing_availability": 1,
    "coordinators": {"10.77.0.11:4500": True, "10.77.0.12:4500": True, "10.77.0.13:4500": False},
    "processes": [{"address": f"10.77.0.1{index}:4500", "version": "7.4.6"} for index in range(1, 10)],
    "checked_at": "2026-11-24T00:00:00+00:00",
}
PROOF: dict[str, Any] = {
    "nodes": {"mx1": 0, "mx2": 1, "mx3": 2},
    "pairs": [{"from": "mx1", "to": "mx2", "imap_seconds": 0.2, "jmap_seconds": 0.3}],
    "slowest_seconds": 0.2,
    "checked_at": "2026-11-24T00:00:00+00:00",
}
PRINTED: dict[str, str] = {
    "host/prepare.sh": json.dumps({"arch": "amd64", "thumbprint": "RsDSvg7_2HuFTZeocPFluKwVVbwFA3V9gHI90lEnHi4"}),
    "foundationdb/seed.sh": "mail:0123456789abcdef@10.77.0.11:4500",
    "foundationdb/stage.sh": json.dumps({"state": "staged"}),
    "foundationdb/point.sh": json.dumps(
        {"command": "/usr/local/lib/stalwart-cluster/foundationdb-7.5.0/usr/sbin/fdbserver"}
    ),
    "foundationdb/window.py": json.dumps({"line": "7.5", "seconds": 4.2}),
    "foundationdb/install.sh": json.dumps({"state": "fresh", "version": "7.4.6"}),
    "foundationdb/database.py": "mail:fedcba9876543210@10.77.0.11:4500,10.77.0.12:4500,10.77.0.13:4500",
    "foundationdb/check.py": json.dumps(STATUS),
    "stalwart/install.sh": json.dumps({"sha256": "ab" * 32, "arch": "amd64", "version": "0.16.27"}),
    "stalwart/first.py": json.dumps({"nodes": {}, "changed": [], "restart": "0123456789ab"}),
    "directory/apply.py": json.dumps(
        {
            "dkim": {
                domain: [["v1-ed25519", "v=DKIM1; k=ed25519; h=sha256; p=AAAA"], ["v1-rsa", "v=DKIM1; k=rsa; p=BBBB"]]
                for domain in ("dev.test", "example.org")
            },
            "changed": [],
        }
    ),
    "accounts/apply.py": json.dumps({"made": ["anna@dev.test"], "changed": []}),
    "directory/sign.py": json.dumps(
        {"signing": {"dev.test": {"signs": ["s1-ed25519", "s1-rsa"], "waits": [], "stays_until": {}}}}
    ),
    "stalwart/start.py": json.dumps({"node_id": 1, "hostname": "mx2.mail.dev.test"}),
    "stalwart/shown.py": json.dumps({"setup": "v=UAAC1; a=sha256; d=AAAA"}),
    "dns/publish.sh": json.dumps({"made": []}),
    "certificate/store.py": json.dumps(
        {"certificate": {"not_valid_after": "2029-02-04T00:00:00Z", "sha256": "cd" * 32}, "changed": []}
    ),
    "certificate/ask.py": json.dumps(
        {"source": "acme", "issued": True, "look": 1, "not_valid_after": "2027-02-22T00:00:00Z"}
    ),
    "proof/prove.py": json.dumps(PROOF),
    "local/learn_host_key.sh": "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGxlYXJudA",
}
_SCRIPT = re.compile(r"# scripts/(\S+) ")


def script_of(text: str) -> str:
    """The script that a command runs: `bash -s # scripts/x.sh 0123` -> `x.sh`."""
    found = _SCRIPT.search(text)
    return found[1] if found else ""


def printed(text: str) -> str:
    """What the command's script prints."""
    return PRINTED.get(script_of(text), "")
