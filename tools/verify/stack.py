"""What a verification has to know of a stack, from its exported state."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from tools.status.exported import State, Step, local_values, outputs, steps
from tools.status.nodes import Target, targets
from tools.verify.zones import Zones

PROOF = "proof/prove.py"


@dataclass(frozen=True, kw_only=True)
class Stack:
    """A stack that was brought up and proved."""

    proof: Step
    """The step that proved it, with all that it was given."""

    targets: Mapping[str, Target]
    """How each mail node is reached by SSH."""

    lab: Mapping[str, str] = field(default_factory=dict)
    """What the lab and its hosts were given; empty where the stack has no lab."""

    zones: Zones
    rehearsal: bool
    quiet: frozenset[str] = frozenset()
    """Mail nodes whose mail others carry."""

    @cached_property
    def wish(self) -> dict[str, Any]:
        """The settings of the mail server."""
        found: dict[str, Any] = json.loads(self.proof.values["WISH"])
        return found

    @cached_property
    def nodes(self) -> dict[str, str]:
        """Mail node -> its address inside."""
        return {name: str(node["address"]) for name, node in json.loads(self.proof.values["NODES"]).items()}

    @cached_property
    def domains(self) -> list[str]:
        """The mail domains, the default one first."""
        return list(json.loads(self.proof.values["DOMAINS"]))

    @cached_property
    def senders(self) -> dict[str, str]:
        """Of these, the nodes from whose addresses mail leaves."""
        return {name: address for name, address in self.nodes.items() if name not in self.quiet}

    @property
    def admin_login(self) -> str:
        return f"{self.wish['admin']}@{self.wish['domain']}"

    @property
    def probe_login(self) -> str:
        return f"{self.wish['probe']}@{self.wish['domain']}"

    @property
    def announced(self) -> dict[str, list[str]]:
        """Domain that announces an MTA-STS policy -> the exchangers that the policy must name."""
        return {name: self.zones.exchangers(name) for name in self.domains if self.zones.txt(f"_mta-sts.{name}")}


def stack(exported: State) -> Stack | None:
    """The stack of an exported state; None where there is none, or its proof was never reached."""
    proofs = [step for step in steps(exported) if step.script == PROOF]
    if not proofs:
        return None
    (proof,) = proofs
    mail = json.loads(proof.values["NODES"])
    exports = outputs(exported)
    return Stack(
        proof=proof,
        targets={target.name: target for target in targets(exported) if target.name in mail},
        lab={**local_values(exported, "lab/host.sh"), **local_values(exported, "lab/network.sh")},
        zones=Zones(exports.get("dns_records") or {}),
        rehearsal=bool(exports.get("rehearsal")),
        quiet=frozenset(step.node for step in steps(exported) if step.script == "egress/redirect.sh"),
    )
