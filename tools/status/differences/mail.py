"""What differs in the mail cluster: its nodes, domains and settings."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from tools.status.differences.difference import MEND, Difference, Subject
from tools.status.exported import Wanted
from tools.status.look import View


def differences(view: View) -> Iterator[Difference]:
    """What differs, by the word of one mail server for all."""
    if view.mail is None:
        if view.wanted.admin_password:
            why = f": {view.mail_trouble}" if view.mail_trouble else ""
            text = f"no mail server could be asked for domains, settings and nodes{why}"
            yield Difference(Subject.MAIL, text, "see the nodes above")
        return
    if trouble := view.mail.get("trouble"):
        remedy = (
            "not touched: tell the stack the present one, pulumi config set --secret stalwart-cluster:admin_password"
        )
        yield Difference(Subject.MAIL, str(trouble), remedy)
        return
    for domain in view.mail["missing_domains"]:
        yield Difference(Subject.DOMAIN, f"the mail server lacks the domain {domain}", MEND)
    for setting in view.mail["settings"]:
        yield Difference(Subject.SETTING, f"a setting of the mail server differs: {setting}", MEND)
    for signing in view.mail["signing"]:
        remedy = f"{MEND}; what is held back until the world shows a record, the run says itself"
        yield Difference(Subject.SIGNING, signing, remedy)
    yield from _nodes(view.mail["nodes"], view.wanted)


def _nodes(listed: Sequence[Mapping[str, Any]], want: Wanted) -> Iterator[Difference]:
    wanted = {hostname: node for node, hostname in want.hostnames.items()}
    states = {entry["hostname"]: entry["status"] for entry in listed}
    for hostname, node in wanted.items():
        if hostname not in states:
            text = f"{hostname} is missing in the mail cluster: another node may have its id"
            yield Difference(Subject.MAIL_NODE, text, f"systemctl restart stalwart on {node}", node)
        elif states[hostname] != "active":
            text = f"{hostname} is {states[hostname]} in the mail cluster: it does not renew its id"
            yield Difference(Subject.MAIL_NODE, text, f"systemctl restart stalwart on {node}", node)
    for hostname in sorted(set(states) - set(wanted)):
        text = f"{hostname} is in the mail cluster and no node of the stack, {states[hostname]}"
        remedy = "a node that was taken out; the mail servers forget it after a day"
        yield Difference(Subject.MAIL_NODE, text, remedy, grave=False)
    for key, what in (("nodeId", "id"), ("hostname", "name")):
        for value, count in Counter(entry[key] for entry in listed).items():
            if count > 1:
                text = f"{count} mail nodes have the {what} {value}: their mail ids may collide"
                yield Difference(Subject.MAIL_NODE, text, "restart stalwart on all but one of them, one by one")
