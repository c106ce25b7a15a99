"""Records by signed updates of one's own name server (RFC 2136), from this machine."""

import json
import os
import subprocess
import sys
from collections.abc import Iterable, Sequence
from functools import partial
from pathlib import Path

import pulumi
from pulumi_command import local

from components.dns import wish
from components.dns.names import Record
from components.dns.zone_file import quoted
from components.dns.zones import in_zone
from components.remote.script import script
from components.remote.step import run_local
from components.settings import DnsProvider, DnsSettings, Permission, Settings
from components.settings.mistakes import Mistake
from components.settings.names import nearest

SCRIPT = "dns/publish.sh"

# Longer than the script's own waits for a server that is silent.
_CHECK_SECONDS = 30
_PORT = 53


def check(settings: Settings, secret: str | None) -> None:
    """Ask the name server, before anything is made, whether it holds the zones and takes our updates.

    A server that does not answer is only warned of: it is asked again when records are written.

    Raises:
        pulumi.RunError: one sentence for every zone that cannot be written.
    """
    if settings.dns.provider is not DnsProvider.RFC2136:
        return
    given = {**_server(settings.dns), "KEY_SECRET": secret or "", "ZONES": " ".join(wish.zones(settings))}
    # The Python of this program, which has what the script needs.
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}"
    try:
        done = subprocess.run(
            ["bash", "-s", "--", "check"],
            input=script(SCRIPT).payload(given),
            env={**os.environ, "PATH": path},
            capture_output=True,
            text=True,
            timeout=_CHECK_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        pulumi.warn(f"dns.server {settings.dns.server} did not answer in {_CHECK_SECONDS} s; it is asked again later.")
        return
    if done.returncode:
        raise pulumi.RunError(done.stderr.strip() or "the name server could not be asked")
    found = json.loads(done.stdout)
    for silence in (told for told in found if not told["key"]):
        pulumi.warn(f"{silence['problem']} ({silence['remedy']}). Records are written only when it does.")
    mistakes = sorted({Mistake(told["key"], told["problem"], told["remedy"]) for told in found if told["key"]})
    if mistakes:
        head = f"Pulumi.{pulumi.get_stack()}.yaml cannot be used. Nothing was touched. To mend:"
        raise pulumi.RunError("\n".join([head, *(f"  stalwart-cluster:{mistake}" for mistake in mistakes)]))


def publish(
    name: str,
    settings: Settings,
    records: pulumi.Output[Sequence[Record]],
    secret: pulumi.Input[str],
    parent: pulumi.Resource,
    after: Sequence[pulumi.Resource],
) -> list[local.Command]:
    """A step for each part of the zones. Each remembers, by its output, what it made, and takes out no more."""
    made: list[local.Command] = []
    parts, zones = wish.parts(settings), wish.zones(settings)
    for part in parts:
        # The settings' rules have seen to it that there is one.
        zone = nearest(zones, part) or part
        step = run_local(
            f"{name}-{part}",
            SCRIPT,
            {
                **_server(settings.dns),
                "KEY_SECRET": secret,
                "ZONE": zone,
                "RECORDS": records.apply(partial(_part, parts=parts, part=part, zone=zone)),
                "REPLACE": "yes" if Permission.REPLACE_RECORDS in settings.allow else "",
            },
            parent=parent,
            # The first part has the addresses of the exchangers that the others name.
            after=[*after, *made[:1]],
            removable=True,
            remembers=True,
        )
        made.append(step)
    return made


def _part(records: Iterable[Record], *, parts: Sequence[str], part: str, zone: str) -> str:
    """The records of a part as JSON: names relative to the zone, values as a zone file has them."""
    inside = (record for record in records if nearest(parts, record.name) == part)
    told = [
        {
            "name": record.name,
            "type": record.type,
            "ttl": record.ttl,
            "values": [quoted(value) if record.type == "TXT" else value for value in record.values],
        }
        for record in in_zone(inside, zone)
    ]
    return json.dumps(told, sort_keys=True)


def _server(dns: DnsSettings) -> dict[str, str]:
    """Whom the script writes to, and by which key."""
    host, port = dns.server_address
    return {
        "SERVER": f"{host}:{port}",
        "KEY_NAME": str(dns.tsig_name),
        "KEY_ALGORITHM": str(dns.tsig_algorithm),
    }
