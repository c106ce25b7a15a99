"""What a mail program does all day, tried on every node: it waits for mail, filters, writes, hands in."""

import imaplib
import secrets
import smtplib
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from email.message import EmailMessage

from lib import mailbox
from lib.console import within
from lib.mailbox import SECONDS, Mailbox, unchecked
from lib.stalwart.jmap import Client
from lib.verify import by_jmap
from lib.verify.check import Wrong, each
from lib.verify.folders import Filed, filed
from lib.verify.idle import latency
from lib.verify.sieve import ManageSieve
from lib.verify.tls import STARTTLS_PORT, version

_SUBJECT = "stalwart-cluster verify"
_READ_SECONDS = 45


@dataclass(frozen=True)
class Used:
    """Checks of what programs do; each returns its detail, and raises what is wrong."""

    nodes: Mapping[str, str]
    """Node name -> address."""

    probe: Mailbox
    accounts: Sequence[Mailbox]
    """One per domain that is tried."""

    def idle(self) -> str:
        """By the probe, whose mails no limit counts. One after the other: each would be told of the others' mail."""
        seconds: dict[str, float] = {}
        wrong = []
        for reader, sender in self._around():
            mail = _message(self.probe, "idle")
            try:
                seconds[f"{sender} to {reader}"] = latency(self.nodes[reader], self.nodes[sender], self.probe, mail)
            except (OSError, imaplib.IMAP4.error, smtplib.SMTPException) as trouble:
                wrong.append(f"who idles on {reader} while a mail comes in on {sender}: {trouble}")
        if wrong:
            raise Wrong("; ".join(wrong))
        slowest = max(seconds, key=lambda pair: seconds[pair])
        return f"slowest {seconds[slowest]:.2f} s ({slowest}) of {len(seconds)} pairs"

    def sieve(self) -> str:
        """A script put on one node files what comes in on the next; seen on a third."""
        who = self.accounts[0]
        names = list(self.nodes)
        putting, taking, reading = names[0], names[1 % len(names)], names[2 % len(names)]
        token, folder = secrets.token_hex(6), f"Verify {secrets.token_hex(3)}"
        condition = f'if header :contains "Subject" "{token}"'
        script = f'require ["fileinto", "mailbox"];\r\n{condition} {{ fileinto :create "{folder}"; }}\r\n'
        with ManageSieve(self.nodes[putting], who) as session:
            session.put("verify", script)
            tls = session.tls
        mailbox.hand_in(self.nodes[taking], who, [_message(who, f"sieve {token}")])
        where = {found.folder for found in self._read(reading, who, token)}
        with ManageSieve(self.nodes[putting], who) as session:
            session.remove("verify")
        if where != {folder}:
            raise Wrong(f"the mail lies in {', '.join(sorted(where))} instead of {folder}")
        return f"put on {putting} ({tls}), came in on {taking}, filed as seen on {reading}"

    def jmap(self) -> str:
        """Written and sent on each node by JMAP, read on the next one by JMAP."""
        sender, reader = self.accounts[0], self.accounts[-1]

        def one(pair: tuple[str, str]) -> float:
            other, node = pair
            subject = f"{_SUBJECT} jmap {secrets.token_hex(6)}"
            client = Client(f"https://{self.nodes[node]}:443", sender.login, sender.password, SECONDS)
            by_jmap.send(client, sender.login, reader.login, subject)
            sent = time.monotonic()
            if not within(_READ_SECONDS, lambda: subject in mailbox.subjects_by_jmap(self.nodes[other], reader)):
                raise Wrong(f"what was sent on {node} cannot be read on {other} within {_READ_SECONDS} s")
            return time.monotonic() - sent

        seconds = each(one, self._around())
        return f"sent on each of {len(seconds)} nodes and read on another, slowest {max(seconds):.2f} s"

    def submission(self) -> str:
        """Port 587: no login in clear, TLS after STARTTLS, and a mail that arrives."""
        who = self.accounts[0]

        def one(node: str) -> str:
            token = secrets.token_hex(6)
            with smtplib.SMTP(self.nodes[node], STARTTLS_PORT, timeout=SECONDS) as session:
                session.ehlo()
                if "auth" in session.esmtp_features and "PLAIN" in session.esmtp_features["auth"].upper():
                    raise Wrong(f"{node} offers a login by password in clear on 587")
                session.starttls(context=unchecked())
                session.login(who.login, who.password)
                session.send_message(_message(who, f"submission {token}"))
                spoken = version(session)
            self._read(node, who, token)
            return spoken

        return f"{', '.join(sorted(set(each(one, list(self.nodes)))))} on {len(self.nodes)} nodes"

    def clean_up(self) -> None:
        """The probe's mails; the other accounts go whole."""
        for address in self.nodes.values():
            try:
                mailbox.remove(address, self.probe, _SUBJECT)
            except (OSError, imaplib.IMAP4.error):
                continue
            return

    def _around(self) -> list[tuple[str, str]]:
        """Each node, and the node before it in a ring."""
        names = list(self.nodes)
        return list(zip(names, names[-1:] + names[:-1], strict=True))

    def _read(self, node: str, who: Mailbox, token: str) -> list[Filed]:
        """The mails with a token in their subject, once there is one."""
        found = within(_READ_SECONDS, lambda: [mail for mail in filed(self.nodes[node], who) if token in mail.subject])
        if not found:
            raise Wrong(f"a mail that was taken cannot be read on {node} within {_READ_SECONDS} s")
        return found


def _message(who: Mailbox, what: str) -> EmailMessage:
    """From an account to itself."""
    text = "Sent by the verification of stalwart-cluster. It is removed once it was read.\n"
    return mailbox.compose(who.login, who.login, f"{_SUBJECT} {what}", text)
