"""What differs from the stack, a sentence each, with what to do about it."""

from tools.status.differences import accounts, certificate, database, mail, node, queue
from tools.status.differences.difference import Difference
from tools.status.look import View

__all__ = ["Difference", "differences"]


def differences(view: View) -> list[Difference]:
    """Everything that differs, node by node, then certificates, database, mail cluster, its accounts and its queue."""
    found = [difference for seen in view.nodes for difference in node.differences(seen, view)]
    parts = (certificate, database, mail, accounts, queue)
    return [*found, *(difference for part in parts for difference in part.differences(view))]
