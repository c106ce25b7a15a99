"""What a case measured, in words and as JSON for who writes the documentation."""

import json
import os
from dataclasses import dataclass
from pathlib import Path

from .ledger import Gap, Ledger, Outcome, longest_gap
from .reader import Verdict


@dataclass(frozen=True)
class Report:
    """One case: how long nobody, and how long each node, accepted nothing."""

    case: str
    ledger: Ledger
    begin: float
    end: float
    verdict: Verdict

    @property
    def service_gap(self) -> Gap:
        """The longest stretch in which no node accepted a message."""
        return longest_gap([entry.at for entry in self.ledger.accepted()], self.begin, self.end)

    def node_gap(self, node: str) -> Gap:
        """The longest stretch in which this node accepted no message."""
        return longest_gap([entry.at for entry in self.ledger.accepted(node)], self.begin, self.end)

    def figures(self) -> dict[str, object]:
        """As a document; seconds with one decimal."""
        nodes = sorted({entry.node for entry in self.ledger.entries})
        counted = dict.fromkeys(Outcome, 0)
        for entry in self.ledger.entries:
            counted[entry.outcome] += 1
        return {
            "case": self.case,
            "seconds": round(self.end - self.begin, 1),
            **{str(outcome): count for outcome, count in counted.items()},
            "delivered": self.verdict.delivered,
            "late": len(self.verdict.late),
            "missing": len(self.verdict.missing),
            "nobody_accepted_seconds": round(self.service_gap.seconds, 1),
            "node_accepted_nothing_seconds": {node: round(self.node_gap(node).seconds, 1) for node in nodes},
            "accepted_by_node": {node: len(self.ledger.accepted(node)) for node in nodes},
            "reasons": {node: dict(counter.most_common(3)) for node, counter in self.ledger.reasons().items()},
        }

    def tell(self) -> None:
        """Show it, and keep it in the folder that CHAOS_RESULTS names."""
        figures = self.figures()
        print(json.dumps(figures, indent=1), flush=True)
        if place := os.environ.get("CHAOS_RESULTS"):
            Path(place).mkdir(parents=True, exist_ok=True)
            name = "".join(letter if letter.isalnum() else "-" for letter in self.case)
            (Path(place) / f"{name}.json").write_text(json.dumps(figures, indent=1) + "\n")
