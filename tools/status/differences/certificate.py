"""What differs in the certificates that the nodes show: whose they are, for which name, until when, the same on all."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from tools.status.differences.difference import MEND, Difference, Subject
from tools.status.look import View

# As the run that makes the next one of the stack's own has half a year for it, somebody has forgotten it by then.
DAYS = 14

# The mail server renews when two thirds of the life are over (`renewBefore` R23): some of its attempts have failed.
_RENEWED_BY = 0.75

Shown = Mapping[str, Any]


def differences(view: View) -> Iterator[Difference]:
    """Node by node, then what is not the same on all of them."""
    seen = by_node(view)
    for node, certificates in seen.items():
        told: set[tuple[str, str]] = set()
        for one in certificates:
            # The same on another port is no news.
            if (one["name"], one["sha256"]) not in told:
                told.add((one["name"], one["sha256"]))
                yield from _of_node(node, one, view)
    yield from _different(seen)


def by_node(view: View) -> dict[str, Sequence[Shown]]:
    """Node -> the certificates that it shows."""
    return {one.target.name: one.found["certificates"] for one in view.nodes if one.found}


def issuer(one: Shown) -> str:
    """Who issued it, for people."""
    return str(one["issuer"]).partition("CN=")[2].partition(",")[0] or str(one["issuer"])


def day(text: str) -> str:
    """The day of a time in ISO 8601."""
    return text[:10]


def _of_node(node: str, one: Shown, view: View) -> Iterator[Difference]:
    what = f"the certificate for {one['name']} on {node}"
    begin, end = (datetime.fromisoformat(one[key]) for key in ("not_valid_before", "not_valid_after"))
    now = datetime.now(UTC)
    wanted = view.wanted.certificate
    public = str(wanted.get("source", "")).startswith(("letsencrypt", "https://"))
    if end - now < timedelta(days=DAYS):
        text = f"{what} {'ended' if end < now else 'ends'} on {day(one['not_valid_after'])}"
        yield Difference(Subject.CERTIFICATE, text, _renewal(node, wanted), node)
    elif public and now - begin > (end - begin) * _RENEWED_BY:
        text = f"{what} should have been renewed by now; it ends on {day(one['not_valid_after'])}"
        yield Difference(Subject.CERTIFICATE, text, _renewal(node, wanted), node)
    if not one["holds"]:
        yield Difference(Subject.CERTIFICATE, f"{what}, of {issuer(one)}, does not hold that name", MEND, node)
    elif (right := wanted.get("sha256")) and one["sha256"] != right:
        text = f"{what} is another than the stack's: of {issuer(one)}, until {day(one['not_valid_after'])}"
        remedy = f"{MEND}; one that somebody stored and that lasts longer is taken out in the server's web page"
        yield Difference(Subject.CERTIFICATE, text, remedy, node)
    elif public and "Private CA of" in one["issuer"]:
        text = f"{what} is the stack's own that stands in: the authority has not issued yet"
        awaited = f"; the last one waited for {wanted['waits_for']}" if wanted.get("waits_for") else ""
        yield Difference(Subject.CERTIFICATE, text, f"pulumi up looks again{awaited}", node)


def _renewal(node: str, wanted: Mapping[str, Any]) -> str:
    match wanted.get("source"):
        case "private":
            return "pulumi up makes the next one"
        case "own":
            return "put the next one into mail.certificate_chain and certificate_key"
    return f"the mail servers ask by themselves: journalctl -u stalwart on {node} says why it did not come"


def _different(seen: Mapping[str, Sequence[Shown]]) -> Iterator[Difference]:
    """For one name all nodes show one certificate."""
    names = {one["name"] for certificates in seen.values() for one in certificates}
    for name in sorted(names):
        nodes: dict[str, set[str]] = {}
        for node, certificates in seen.items():
            for one in certificates:
                if one["name"] == name:
                    nodes.setdefault(one["sha256"], set()).add(node)
        if len(nodes) > 1:
            groups = ", ".join(
                f"{' and '.join(sorted(group))} {digest[:12]}" for digest, group in sorted(nodes.items())
            )
            text = f"not all nodes show the same certificate for {name}: {groups}"
            yield Difference(Subject.CERTIFICATE, text, MEND)
