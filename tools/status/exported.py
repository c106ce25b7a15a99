"""An exported state: its steps on hosts, what each was given, and what the stack wants by them."""

import json
import re
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

_MARK = "4dabf18193072939515e22adb298388d"  # the engine's mark of a secret, not one
_SCRIPT = re.compile(r"# scripts/(\S+) ")
# As shlex.quote writes a value: of harmless signs, or in single quotes with a quote of its own between double ones.
_EXPORT = re.compile(r"export (\w+)=((?:'[^']*'|\"'\"|[\w@%+=:,./-])*)\n")

State = Mapping[str, Any]


@dataclass(frozen=True)
class Step:
    """A script that ran on a host, as the state has it."""

    script: str
    values: Mapping[str, str]
    connection: Mapping[str, Any]
    root: bool

    @property
    def node(self) -> str:
        """The node it ran on."""
        return self.values.get("NODE", "")


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What the last `up` asked of the hosts. None and empty: it did not get as far, so nothing is known to be wrong."""

    redundancy: str | None = None
    engine: str | None = None
    coordinators: tuple[str, ...] = ()
    processes: Mapping[str, str] = field(default_factory=dict)
    """Address of each database process -> its zone."""

    foundationdb: str | None = None
    tolerance: int | None = None
    stalwart: Mapping[str, str] = field(default_factory=dict)
    """Mail node -> release."""

    hostnames: Mapping[str, str] = field(default_factory=dict)
    """Mail node -> its name in the mail cluster."""

    units: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """Node -> the services it shall run."""

    addresses: Mapping[str, str] = field(default_factory=dict)
    wish: str = ""
    """The settings of the mail server, scripts/lib/stalwart/wish.Wish as JSON."""

    directory: str = '{"domains": []}'
    """Domains and what lies in them, scripts/lib/directory/wish.Directory as JSON."""

    signing_texts: str = "{}"
    """The records of signing keys, domain -> selector -> text, as JSON."""

    accounts: str = '{"domains": [], "accounts": [], "groups": [], "lists": []}'
    """Accounts, groups and lists, scripts/lib/accounts/wish.Wish as JSON."""
    certificate: Mapping[str, Any] = field(default_factory=dict)
    """What the last `up` told of it: where it is from, and its `sha256` where it is the stack's."""

    relay: str | None = None
    """The mail server that mail leaves through."""

    admin_password: str = field(default="", repr=False)


def steps(exported: State) -> list[Step]:
    """The steps on hosts, as the last `up` left them."""
    found = []
    for resource in _resources(exported):
        given = opened(resource.get("inputs") or {})
        script = _SCRIPT.search(str(given.get("create") or ""))
        if resource["type"] == "command:remote:Command" and script:
            values = dict(exports(str(given.get("stdin") or "")))
            found.append(Step(script[1], values, given["connection"], not given["create"].startswith("sudo")))
    return found


def local_values(exported: State, script: str) -> Mapping[str, str]:
    """What a step on this machine was given; empty where the stack has no such step."""
    for resource in _resources(exported):
        given = opened(resource.get("inputs") or {})
        if resource["type"] == "command:local:Command" and f"# scripts/{script} " in str(given.get("create")):
            return dict(exports(str(given.get("stdin") or "")))
    return {}


def exports(payload: str) -> Iterator[tuple[str, str]]:
    """The variables that a payload of components/remote/script.py begins with."""
    place = len("{\n")
    while found := _EXPORT.match(payload, place):
        place = found.end()
        yield found[1], "".join(shlex.split(found[2]))


def wanted(exported: State) -> Wanted:
    """What the stack wants."""
    by_script: dict[str, list[Step]] = {}
    for step in steps(exported):
        by_script.setdefault(step.script, []).append(step)
    database = _values(by_script, "foundationdb/database.py")
    first = _values(by_script, "stalwart/first.py")
    mail = {step.node: step.values for step in by_script.get("stalwart/install.sh", ())}
    tolerance = (outputs(exported).get("fault_tolerance") or {}).get("wanted")
    return Wanted(
        redundancy=database.get("REDUNDANCY"),
        engine=database.get("ENGINE"),
        coordinators=tuple(sorted(database.get("COORDINATORS", "").split())),
        processes=dict(item.split("=", 1) for item in database.get("PROCESSES", "").split()),
        foundationdb=database.get("FDB_VERSION"),
        tolerance=tolerance,
        stalwart={node: values["STALWART_VERSION"] for node, values in mail.items()},
        hostnames={node: values["STALWART_HOSTNAME"] for node, values in mail.items()},
        units=_units(by_script),
        addresses={step.node: step.values.get("ADDRESS", "") for step in by_script.get("host/prepare.sh", ())},
        wish=first.get("WISH", ""),
        directory=_values(by_script, "directory/apply.py").get("DIRECTORY", Wanted.directory),
        signing_texts=_values(by_script, "directory/apply.py").get("SIGNING_TEXTS", Wanted.signing_texts),
        accounts=_values(by_script, "accounts/apply.py").get("ACCOUNTS", Wanted.accounts),
        certificate=outputs(exported).get("certificate") or {},
        relay=(json.loads(first.get("WISH") or "{}").get("relay") or {}).get("host"),
        admin_password=first.get("ADMIN_PASSWORD", ""),
    )


def opened(value: Any) -> Any:  # noqa: ANN401  # any JSON
    """A value of an exported state without its marks of secrecy."""
    if isinstance(value, dict):
        if _MARK in value:
            return opened(json.loads(value["plaintext"])) if "plaintext" in value else None
        return {key: opened(part) for key, part in value.items()}
    return [opened(part) for part in value] if isinstance(value, list) else value


# What each script leaves running on its host.
_SERVICES = {
    "foundationdb/install.sh": ("foundationdb",),
    "coordinator/install.sh": ("nats-server", "stalwart-repeat"),
    "stalwart/first.py": ("stalwart",),
    "stalwart/start.py": ("stalwart",),
    "front/install.py": ("stalwart-probe",),
    "egress/gateway.sh": ("stalwart-egress-gateway",),
    "egress/redirect.sh": ("stalwart-egress-redirect",),
}


def _units(by_script: Mapping[str, list[Step]]) -> dict[str, frozenset[str]]:
    found: dict[str, set[str]] = {}
    for script, units in _SERVICES.items():
        for step in by_script.get(script, ()):
            found.setdefault(step.node, set()).update(units)
    return {node: frozenset(units) for node, units in found.items()}


def _values(by_script: Mapping[str, list[Step]], script: str) -> Mapping[str, str]:
    return next((step.values for step in by_script.get(script, ())), {})


def outputs(exported: State) -> dict[str, Any]:
    """What the last `up` told."""
    root = (item for item in _resources(exported) if item["type"] == "pulumi:pulumi:Stack")
    return next((opened(item.get("outputs") or {}) for item in root), {})


def _resources(exported: State) -> list[dict[str, Any]]:
    return (exported.get("deployment") or {}).get("resources") or []
