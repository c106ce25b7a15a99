"""Settings of the mail server: what it has, what it shall have, and the calls that make up the difference.

Pure: reads go in, calls come out; an empty difference is an empty list.
"""

from collections.abc import Iterator
from typing import Any

from lib.directory import domains
from lib.directory.wish import Domain
from lib.stalwart import downloads, limits, listeners, relay, sender
from lib.stalwart.change import Change, create, update
from lib.stalwart.jmap import Call, Client
from lib.stalwart.listing import every
from lib.stalwart.state import State, one, singleton
from lib.stalwart.wish import Wish

# What one look reads, in the order of the answers.
TYPES = (
    "SystemSettings",
    "MtaSts",
    "Coordinator",
    "Tracer",
    "SenderAuth",
    *listeners.TYPES,
    *sender.TYPES,
    *downloads.TYPES,
    *limits.TYPES,
    *relay.TYPES,
)

# There is one of each, and a question for all leaves it out until it was written once.
_SINGLETONS = frozenset(
    {
        "SystemSettings",
        "MtaSts",
        "Coordinator",
        "Email",
        "SpamSettings",
        "Asn",
        "MtaOutboundStrategy",
        "MtaStageData",
        "Security",
        "SenderAuth",
    }
)

# As components/dns/mta_sts.py has it in the policy that it makes the id of.
MTA_STS_SECONDS = 7 * 24 * 60 * 60

PASSWORD_VARIABLE = "NATS_PASSWORD"  # noqa: S105  # the name of the variable, not what it holds


def look() -> list[Call]:
    """The calls that read everything a plan needs, but for the domains."""
    return [(f"x:{name}/get", _asked(name)) for name in TYPES]


def _asked(name: str) -> dict[str, Any]:
    return {"ids": ["singleton"] if name in _SINGLETONS else None}


def state(answers: list[dict[str, Any]]) -> State:
    """The answers to `look`, by type."""
    return {name: list(answer.get("list", [])) for name, answer in zip(TYPES, answers, strict=True)}


def read(client: Client) -> State:
    """Everything a plan needs, as the server has it; of domains there may be many."""
    return {**state(client.call(*look())), "Domain": every(client, "Domain", ("id", "name"))}


def missing_domain(now: State, wish: Wish) -> list[Change]:
    """The default domain where it is to be created. First of all, because the other settings name its id."""
    here = domains.ids(now["Domain"])
    return (
        []
        if wish.domain in here
        else [Change(f"domain {wish.domain}", create("Domain", domains.new(Domain(wish.domain))))]
    )


def changes(now: State, wish: Wish, for_relay: str = "") -> list[Change]:
    """All other differences, in the order in which they are made. The default domain exists.

    Args:
        for_relay: the password of the relay's login; needed only where the changes are to be made.
    """
    return [
        *_system(now, wish),
        *listeners.services(now, wish),
        *_policy(now, wish),
        *_coordinator(now, wish),
        *listeners.changes(now, wish),
        *_journal(now),
        *limits.changes(now, wish.limits, wish.spam, wish.nodes, wish.probe_login),
        *_encryption(now),
        *sender.changes(now, wish),
        *relay.changes(now, wish.relay, for_relay),
        *_forgery(now),
        *downloads.changes(now, wish),
    ]


def _system(now: State, wish: Wish) -> Iterator[Change]:
    yield from singleton(
        now,
        "SystemSettings",
        {
            "defaultHostname": wish.hostname,
            "defaultDomainId": domains.ids(now["Domain"])[wish.domain],
            "mailExchangers": {
                str(index): {"priority": 10, "hostname": name} for index, name in enumerate(wish.exchangers)
            },
        },
        "host name, default domain, mail exchangers",
    )
    trusted = one(now, "SystemSettings").get("proxyTrustedNetworks") or {}
    if {network.removesuffix("/32") for network in trusted} != set(wish.proxies):
        value = {f"{address}/32": True for address in wish.proxies}
        yield Change("trusted balancer", update("SystemSettings", "singleton", {"proxyTrustedNetworks": value}))


def _policy(now: State, wish: Wish) -> Iterator[Change]:
    """The policy has to be the one whose id stands in the records: without hosts of its own it names the exchangers."""
    mode = "disable" if wish.mta_sts == "none" else wish.mta_sts
    wanted = {"mode": mode, "maxAge": MTA_STS_SECONDS * 1000, "mxHosts": {}}
    yield from singleton(now, "MtaSts", wanted, f"MTA-STS policy: {wish.mta_sts}")


def _coordinator(now: State, wish: Wish) -> Iterator[Change]:
    here = one(now, "Coordinator")
    wanted = {
        "addresses": dict.fromkeys(wish.coordinators, True),
        "authUsername": "stalwart",
        "useTls": False,
        "noEcho": True,
    }
    same = here.get("@type") == "Nats" and all(here.get(key) == value for key, value in wanted.items())
    secret = here.get("authSecret") or {}
    if same and secret.get("variableName") == PASSWORD_VARIABLE:
        return
    value = {
        "@type": "Nats",
        **wanted,
        "authSecret": {"@type": "EnvironmentVariable", "variableName": PASSWORD_VARIABLE},
        "credentials": {"@type": "None"},
    }
    yield Change("coordinator", update("Coordinator", "singleton", value))


def _journal(now: State) -> Iterator[Change]:
    if not any(tracer.get("@type") == "Journal" for tracer in now["Tracer"]):
        yield Change("journal", create("Tracer", {"@type": "Journal", "enable": True, "level": "info"}))


def _encryption(now: State) -> Iterator[Change]:
    yield from singleton(now, "Email", {"encryptAtRest": True}, "encryption at rest allowed")


def _forgery(now: State) -> Iterator[Change]:
    """Mail in the name of a domain whose DMARC policy is reject is refused when it fails. The server as it comes only
    writes the failure down, and delivers. What a person set stays.
    """
    here = one(now, "SenderAuth").get("dmarcVerify")
    if here == _verify_dmarc("relaxed"):
        change = {"dmarcVerify": _verify_dmarc("strict")}
        yield Change("forged mail refused", update("SenderAuth", "singleton", change))


def _verify_dmarc(how: str) -> dict[str, Any]:
    return {"match": {"0": {"if": "local_port == 25", "then": how}}, "else": "disable"}
