"""The course of a verification: who is asked what, and in which order; whatever fails, the accounts go at the end."""

import json
import secrets
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tools.status.nodes import ask
from tools.verify.catalogue import NOT_MADE, RIGHT, WRONG, Check, told
from tools.verify.stack import PROOF, Stack
from tools.verify.world import PERSON, NoWorld, World, world

_PROOF_SECONDS = 300
_SCRIPT_SECONDS = 300
# Of each of these many domains mail is tried; more would take minutes and show nothing new.
MOST_DOMAINS = 4
# A mail server takes 25 mails an hour from one domain for one address.
MOST_EXCHANGERS = 20
_SUBJECT = "stalwart-cluster verify"


def verify(stack: Stack) -> list[Check]:
    """Make all checks that can be made of a stack."""
    course = Course(stack)
    found = course.proof()
    found += course.with_accounts()
    return found


@dataclass
class Course:
    """One verification."""

    stack: Stack
    name: str = field(default_factory=lambda: f"verify-{int(time.time()):08x}-{secrets.token_hex(6)}")

    @property
    def domains(self) -> list[str]:
        """The domains of which mail is tried: the default one and the first others."""
        return self.stack.domains[:MOST_DOMAINS]

    @property
    def _nodes(self) -> str:
        return json.dumps(self.stack.nodes)

    def proof(self) -> list[Check]:
        """The proof of `up`, once more, on the node where it ran."""
        _say("the proof: mail between all nodes")
        step = self.stack.proof
        began = time.monotonic()
        seen = ask(self.stack.targets[step.node], PROOF, step.values, _PROOF_SECONDS)
        seconds = round(time.monotonic() - began, 1)
        if seen.found is None:
            return [Check("proof", WRONG, seconds, seen.trouble)]
        detail = f"{len(seen.found['pairs'])} pairs, slowest {seen.found['slowest_seconds']} s"
        return [Check("proof", RIGHT, seconds, detail)]

    def with_accounts(self) -> list[Check]:
        """All that needs accounts of its own."""
        accounts = {f"{self.name}@{domain}": secrets.token_urlsafe(24) for domain in self.domains}
        _say(f"an account in each of {', '.join(self.domains)}, for this verification only")
        try:
            self._accounts(accounts, ended="")
        except _Failed as failure:
            wrong = Check("left", WRONG, detail=f"the accounts could not be made: {failure}")
            return [wrong]
        found: list[Check] = []
        try:
            found += self._service(accounts)
            found += self._outside(accounts)
        finally:
            try:
                found += told(self._accounts({}, ended=self.name))
            except _Failed as failure:
                found.append(Check("left", WRONG, detail=f"{self.name} may still be there: {failure}"))
        return found

    def _accounts(self, accounts: Mapping[str, str], ended: str) -> dict[str, Any]:
        values = {
            "ADMIN_LOGIN": self.stack.admin_login,
            "ADMIN_PASSWORD": self.stack.proof.values["ADMIN_PASSWORD"],
            "NODES": self._nodes,
            "ACCOUNTS": json.dumps(accounts),
            "ENDED": ended,
        }
        return self._on_a_node("verify/accounts.py", values)

    def _service(self, accounts: Mapping[str, str]) -> list[Check]:
        _say("what mail programs rely on, on every node")
        values = {
            "NODES": self._nodes,
            "PROBE_LOGIN": self.stack.probe_login,
            "PROBE_PASSWORD": self.stack.proof.values["PROBE_PASSWORD"],
            "ACCOUNTS": json.dumps(accounts),
            "HOSTNAME_OF_SERVICE": self.stack.wish["hostname"],
            "DOMAINS": json.dumps(self.domains),
            "ANNOUNCED": json.dumps(self.stack.announced),
            "SUBMISSION": "true" if self.stack.wish["submission"] else "false",
        }
        names = ("imap-idle", "sieve", "jmap", "autoconfig", "autodiscover", "well-known-jmap", "mta-sts", "submission")
        return self._checked("verify/service.py", values, names)

    def _outside(self, accounts: Mapping[str, str]) -> list[Check]:
        names = [*_INCOMING, *_OUTGOING, "forged", "relay-refused", "unknown-refused"]
        try:
            _say("the world outside: a name server and a mail server")
            outside = world(self.stack)
            return [*self._exchanged(outside, accounts), *self._strange(outside, accounts)]
        except NoWorld as why:
            if self.stack.lab:
                return [Check(name, WRONG, detail=str(why)) for name in names]
            return [Check(name, NOT_MADE, detail=str(why)) for name in names]

    def _exchanged(self, outside: World, accounts: Mapping[str, str]) -> Iterator[Check]:
        """Mail from outside through every exchanger and back from every node, of every domain."""
        coming = {mail["subject"]: mail for mail in self._mails(list(accounts))}
        _say(f"{len(coming)} mails come in from outside, {len(accounts) * len(self.stack.nodes)} go out")
        sent = outside.run("verify/send.py", {"MAILS": json.dumps(list(coming.values()))}, _SCRIPT_SECONDS)["sent"]
        going = {
            f"{_SUBJECT} out {(token := secrets.token_hex(6))}": {
                "from": account, "node": node, "to": PERSON.format(token=token),
            }
            for account in accounts
            for node in self.stack.nodes
        }  # fmt: skip
        values = {
            "NODES": self._nodes,
            "ACCOUNTS": json.dumps(accounts),
            "MAILS": json.dumps({subject: mail | {"sent": sent[subject]} for subject, mail in coming.items()}),
            "REPLIES": json.dumps(going),
            "ADMIN_LOGIN": self.stack.admin_login,
            "ADMIN_PASSWORD": self.stack.proof.values["ADMIN_PASSWORD"],
        }
        try:
            answer = self._on_a_node("verify/arrived.py", values)
        except _Failed as failure:
            yield from (Check(name, WRONG, detail=str(failure)) for name in (*_INCOMING, *_OUTGOING))
            return
        yield from self._explained(outside, told(answer))
        gone = {
            subject: {"from": going[subject]["from"].rpartition("@")[2], "node": going[subject]["node"]}
            for subject in answer["replied"]
        }
        judged = told(outside.run("verify/received.py", {"MAILS": json.dumps(gone)}, _SCRIPT_SECONDS))
        for check in judged:
            if check.name == "outgoing" and answer["failures"]:
                yield Check("outgoing", WRONG, check.seconds, "; ".join([*answer["failures"], check.detail]))
            else:
                yield check

    def _mails(self, accounts: Sequence[str]) -> Iterator[dict[str, str]]:
        for account in accounts:
            domain = account.rpartition("@")[2]
            exchangers = self.stack.zones.exchangers(domain)[:MOST_EXCHANGERS]
            for through in ("", *exchangers):
                yield {"subject": f"{_SUBJECT} in {secrets.token_hex(6)}", "to": account, "through": through}

    def _explained(self, outside: World, checks: Sequence[Check]) -> Iterator[Check]:
        """What did not come in waits outside, and the mail server there says why."""
        for check in checks:
            if check.name == "incoming" and check.result == WRONG:
                reasons = outside.run("verify/undelivered.py", {}, 30)["reasons"]
                why = "; ".join(sorted(set(reasons.values())))
                yield Check(check.name, WRONG, check.seconds, f"{check.detail} ({why})" if why else check.detail)
            else:
                yield check

    def _strange(self, outside: World, accounts: Mapping[str, str]) -> list[Check]:
        """Last of all: it is bad manners, which are counted."""
        account, password = next(iter(accounts.items()))
        subject = f"{_SUBJECT} forged {secrets.token_hex(6)}"
        fronts = self.stack.zones.exchangers(self.domains[0])
        values = {"FRONTS": json.dumps(fronts), "RECIPIENT": account, "FORGED": subject}
        _say("what a stranger tries")
        answer = outside.run("verify/stranger.py", values, _SCRIPT_SECONDS)
        address = next(iter(self.stack.nodes.values()))
        values = {
            "ADDRESS": address,
            "LOGIN": account,
            "PASSWORD": password,
            "SUBJECT": subject,
            "ANSWER": json.dumps(answer["forged"]),
        }
        return [*told(answer), *self._checked("verify/forged.py", values, ("forged",))]

    def _checked(self, script: str, values: Mapping[str, str], names: Sequence[str]) -> list[Check]:
        try:
            return told(self._on_a_node(script, values))
        except _Failed as failure:
            return [Check(name, WRONG, detail=str(failure)) for name in names]

    def _on_a_node(self, script: str, values: Mapping[str, str]) -> dict[str, Any]:
        """Run a script on the first node; on the next one where that cannot be reached."""
        troubles = []
        for target in self.stack.targets.values():
            seen = ask(target, script, values, _SCRIPT_SECONDS)
            if seen.found is not None:
                return dict(seen.found)
            troubles.append(f"{target.name}: {seen.trouble}")
            if "connect to host" not in seen.trouble:
                break
        raise _Failed("; ".join(troubles))


_INCOMING = ("incoming", "incoming-tls", "incoming-spf", "incoming-dkim", "incoming-dmarc", "incoming-reverse")
_OUTGOING = ("outgoing", "outgoing-spf", "outgoing-dkim", "outgoing-dmarc", "outgoing-tls", "outgoing-names")


class _Failed(Exception):  # noqa: N818  # reads as what happened
    """A script on a node did not say what it found."""


def _say(text: str) -> None:
    print(f"verify: {text}", file=sys.stderr, flush=True)
