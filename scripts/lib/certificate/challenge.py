"""How an authority is shown that the names are ours: by TLS on port 443, or by records that the mail servers write.

For records the mail server takes the management of a domain's zone as a whole, and has to be told of one kind of record
at least that it publishes. All records are the program's: so it is told of the one that it makes nothing of while the
domain has no address for reports. Source: crates/common/src/network/dns/records.rs.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from lib.certificate.asked import Asked
from lib.console import Failed, log
from lib.stalwart.apply import reload_settings
from lib.stalwart.change import Change, create, destroy, update, write
from lib.stalwart.jmap import Client, Refused

BY_TLS, BY_RECORDS = "TlsAlpn01", "Dns01"

# By this the stack knows its own.
_TITLE = "challenges of the stack's certificates"

# Milliseconds. A resolver remembers that a record is not there, so the first look comes when name servers have told
# each other; and it keeps what it has seen for as long as the record says, the next challenge may be the same name's.
_TIMES = {"ttl": 60_000, "propagationDelay": 5_000, "pollingInterval": 5_000, "propagationTimeout": 60_000}

_NOTHING = {"tlsRpt": True}
_REPORTS = "mailto:postmaster"


@dataclass(frozen=True)
class Challenge:
    """One way for all domains."""

    server: Mapping[str, Any] = field(default_factory=dict)
    """Who takes the records, as the mail server's object without secret and times; empty: by TLS."""

    secret: str = field(default="", repr=False)

    zones: Mapping[str, str | None] = field(default_factory=dict)
    """Domain -> the zone of all its certificate's names; None where they are in several, each at a registered name."""

    @property
    def kind(self) -> str:
        """The mail server's word for it."""
        return BY_RECORDS if self.server else BY_TLS


def parse(text: str, secret: str) -> Challenge:
    """Read the document that the program hands over; empty where names are proved by TLS."""
    if not text:
        return Challenge()
    document = json.loads(text)
    return Challenge(document["server"], secret, document["zones"])


def prepare(client: Client, challenge: Challenge, domains: Iterable[Asked]) -> list[str]:
    """Let the mail servers write the records of a challenge, where it is one; what was changed, in words.

    Args:
        domains: all that the server has: one that was taken out of the stack file may still name a former key.
    """
    if not challenge.server:
        return []
    server = _kept(client, challenge)
    former = [other["id"] for other in _servers(client) if other["id"] != server]
    changes: list[Change] = []
    for one in domains:
        if one.domain not in challenge.zones:
            changes += _not_writing(one) if one.dns_server in {server, *former} else ()
        elif (one.dns_server, one.zone) != (server, challenge.zones[one.domain]):
            changes += _writing(one, server, challenge.zones[one.domain])
    return write(client, [*changes, *map(_forgotten, former)])


def clear(client: Client, domains: Iterable[Asked]) -> list[str]:
    """Let the mail servers write no records any more, and forget the secret; what was changed, in words.

    Args:
        domains: all that the server has.
    """
    ours = [server["id"] for server in _servers(client)]
    changes = [change for one in domains if one.dns_server in ours for change in _not_writing(one)]
    return write(client, [*changes, *map(_forgotten, ours)])


def account(client: Client, directory: str, kind: str, contact: str) -> str:
    """The id of the account at an authority, which is made where there is none: that asks the authority at once.

    Raises:
        Failed: the authority gave none.
    """
    (answer,) = client.call(("x:AcmeProvider/get", {"ids": None}))
    found = next((provider for provider in answer["list"] if provider["directory"] == directory), None)
    if found and found["challengeType"] == kind:
        return str(found["id"])
    if found:
        identity = str(found["id"])
        write(client, [Change(f"challenge {kind}", update("AcmeProvider", identity, {"challengeType": kind}))])
    else:
        identity = _new_account(client, {"directory": directory, "challengeType": kind, "contact": {contact: True}})
    # Whether challenges are answered is settled when the settings are loaded.
    reload_settings(client)
    return identity


def _new_account(client: Client, value: Mapping[str, Any]) -> str:
    log(f"account at {value['directory']}")
    try:
        (made,) = client.call(create("AcmeProvider", value))
    except Refused as refusal:
        raise Failed(
            f"{value['directory']} gave no account: {refusal}",
            "can this host reach it? Then run the same command again",
        ) from None
    return str(made["created"]["new"]["id"])


def _kept(client: Client, challenge: Challenge) -> str:
    """The id of the object that says who takes the records. Its secret cannot be read, so it is written each time."""
    key = "key" if challenge.server["@type"] == "Tsig" else "secret"
    value = {
        **challenge.server,
        **_TIMES,
        "description": _TITLE,
        key: {"@type": "Value", "secret": challenge.secret},
    }
    here = _servers(client)
    same = [server["id"] for server in here if server["@type"] == value["@type"]]
    try:
        if same:
            client.call(update("DnsServer", same[0], value))
            return str(same[0])
        (made,) = client.call(create("DnsServer", value))
    except Refused as refusal:
        raise Failed(f"the mail server takes no key for challenges: {refusal}", "is the secret whole?") from None
    log("setting: key for challenges")
    return str(made["created"]["new"]["id"])


def _servers(client: Client) -> list[Mapping[str, Any]]:
    (answer,) = client.call(("x:DnsServer/get", {"ids": None}))
    return [server for server in answer["list"] if server["description"] == _TITLE]


def _forgotten(server: str) -> Change:
    return Change("a key for challenges is taken out", destroy("DnsServer", server))


def _writing(one: Asked, server: str, zone: str | None) -> Iterator[Change]:
    """The address for reports goes first: with it records would be published at once."""
    management = {"@type": "Automatic", "dnsServerId": server, "origin": zone, "publishRecords": _NOTHING}
    value = {"reportAddressUri": None, "dnsManagement": management}
    yield Change(f"challenges of {one.domain} are written to its zone", update("Domain", one.id, value))


def _not_writing(one: Asked) -> Iterator[Change]:
    value = {"dnsManagement": {"@type": "Manual"}, "reportAddressUri": _REPORTS}
    yield Change(f"challenges of {one.domain} are written nowhere", update("Domain", one.id, value))
