"""Records by signed updates of one's own name server (RFC 2136), from this machine."""

import json
import os
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

import pulumi
from pulumi_command import local

from components.dns import wish
from components.dns.names import Record
from components.dns.zone_file import quoted
from components.dns.zones import held, in_zone
from components.remote.script import script
from components.remote.step import run_local
from components.settings import DnsProvider, DnsSettings, Permission, Settings, refused
from components.settings.mistakes import Mistake, spell
from components.settings.names import nearest

SCRIPT = "dns/publish.sh"

# Longer than the script's own waits for a server that is silent.
_CHECK_SECONDS = 30
_OUTAGE = (
    "is it right, and may this machine reach it by TCP? To go on while it is away: stalwart-cluster:allow"
    " [silent_name_server]"
)


def check(settings: Settings, secret: str | None, challenge_secret: str | None = None) -> None:
    """Ask the name server, before anything is made: does it hold the zones, take our updates, and lead no domain's mail
    to somebody else? Does it take the mail servers' challenges, where they have a key of their own?

    Raises:
        pulumi.RunError: one sentence for every zone that cannot be written and every domain that is another's.
    """
    if settings.dns.provider is not DnsProvider.RFC2136:
        return
    found, silence = _asked(settings, settings.dns.tsig_name, secret, dict(_keys(settings)))
    if settings.dns.challenge_tsig_name and not silence:
        theirs, silence = _asked(settings, settings.dns.challenge_tsig_name, challenge_secret, {})
        found += [replace(one, key=_OF_THE_CHALLENGE[one.key]) for one in theirs if one.key in _OF_THE_CHALLENGE]
    if silence and Permission.SILENT_NAME_SERVER in settings.allow:
        pulumi.warn(f"{silence}. Records that change are written only when it does.")
    elif silence:
        found.append(Mistake("dns.server", silence, _OUTAGE))
    if found:
        raise refused(found)


# What is wrong with the zones themselves is said once.
_OF_THE_CHALLENGE = {"dns.tsig_name": "dns.challenge_tsig_name", "dns_tsig_secret": "dns_challenge_secret"}


def _asked(
    settings: Settings, key: str | None, secret: str | None, domains: Mapping[str, str]
) -> tuple[list[Mistake], str]:
    """What is wrong with the stack file by the server's word; or that it says nothing, in a sentence.

    Args:
        key: the name of the key that is tried.
        domains: names whose mail must be nobody else's -> the keys of the stack file that they are.
    """
    zones = _zones(settings, wish.names(settings))
    given = {
        **_server(settings.dns),
        "KEY_NAME": str(key),
        "KEY_SECRET": secret or "",
        "ZONES": " ".join(wish.zones(settings)),
        "DOMAINS": json.dumps({name: {"zone": zones[name], "key": where} for name, where in domains.items()}),
        "HOSTNAME": settings.hostname,
        "REPLACE": _replace(settings),
    }
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
        return [], f"{settings.dns.server} does not answer within {_CHECK_SECONDS} s"
    if done.returncode:
        raise pulumi.RunError(done.stderr.strip() or "the name server could not be asked")
    told = json.loads(done.stdout)
    mistakes = [Mistake(one["key"], one["problem"], one["remedy"]) for one in told if one["key"]]
    return mistakes, next((one["problem"] for one in told if not one["key"]), "")


def _keys(settings: Settings) -> Iterator[tuple[str, str]]:
    """Each name that mail comes to, and the key of the stack file that it is."""
    for name, section in settings.domains.items():
        yield name, spell(("domains", name))
        for index, alias in enumerate(section.aliases):
            yield alias, spell(("domains", name, "aliases", index))


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
    zones = _zones(settings, wish.parts(settings))
    told = records.apply(partial(_by_part, zones=zones))
    for part, zone in zones.items():
        step = run_local(
            f"{name}-{part}",
            SCRIPT,
            {
                **_server(settings.dns),
                "KEY_SECRET": secret,
                "ZONE": zone,
                "RECORDS": told[part],
                "REPLACE": _replace(settings),
            },
            parent=parent,
            # The first part has the addresses of the exchangers that the others name.
            after=[*after, *made[:1]],
            removable=True,
            remembers=True,
        )
        made.append(step)
    return made


def _by_part(records: Iterable[Record], *, zones: Mapping[str, str]) -> dict[str, str]:
    """Each part with its records as JSON.

    Args:
        zones: part -> the zone that holds it.
    """
    return {part: _document(in_zone(inside, zones[part])) for part, inside in held(records, zones).items()}


def _document(records: Iterable[Record]) -> str:
    """JSON: names relative to the zone, values as a zone file has them."""
    told = [
        {
            "name": record.name,
            "type": record.type,
            "ttl": record.ttl,
            "values": [quoted(value) if record.type == "TXT" else value for value in record.values],
        }
        for record in records
    ]
    return json.dumps(told, sort_keys=True)


def _zones(settings: Settings, names: Iterable[str]) -> dict[str, str]:
    """Each name with the zone that holds it. The settings' rules have seen to it that there is one."""
    zones = frozenset(wish.zones(settings))
    return {name: nearest(zones, name) or name for name in names}


def _replace(settings: Settings) -> str:
    return "yes" if Permission.REPLACE_RECORDS in settings.allow else ""


def _server(dns: DnsSettings) -> dict[str, str]:
    """Whom the script writes to, and by which key."""
    host, port = dns.server_address
    return {
        "SERVER": f"{host}:{port}",
        "KEY_NAME": str(dns.tsig_name),
        "KEY_ALGORITHM": str(dns.tsig_algorithm),
    }
