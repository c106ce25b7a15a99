"""How a receiver judges a mail that came in by SMTP: who brought it, in whose name, with which signatures."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.utils import parseaddr
from functools import cached_property

import dkim
import spf

# As Postfix writes it: greeting, reverse name, address; then what it says of TLS.
_RECEIVED = re.compile(
    r"from (?P<greeting>\S+) \((?P<reverse>\S+) \[(?P<address>[0-9a-fA-F.:]+)\]\)(?P<rest>.*)", re.DOTALL
)
_TLS = re.compile(r"using (TLSv[0-9.]+) with cipher (\S+)")
_ALGORITHMS = ("ed25519-sha256", "rsa-sha256")


@dataclass(frozen=True)
class Verdict:
    """What was seen, and whether it is right."""

    right: bool
    what: str


class Judgement:
    """One mail."""

    def __init__(self, raw: bytes) -> None:
        self._raw = raw
        self.message = message_from_bytes(raw, policy=policy.default)

    @property
    def subject(self) -> str:
        return str(self.message["Subject"] or "")

    @cached_property
    def _hop(self) -> re.Match[str]:
        """The hop that brought it here.

        Raises:
            ValueError: there is none.
        """
        for header in self.message.get_all("Received", []):
            if found := _RECEIVED.search(" ".join(str(header).split())):
                return found
        raise ValueError("no hop stands in the mail")

    @property
    def author(self) -> str:
        """The domain in From."""
        return parseaddr(str(self.message["From"]))[1].rpartition("@")[2].lower()

    @property
    def sender(self) -> str:
        """The sender of the envelope."""
        return parseaddr(str(self.message["Return-Path"] or ""))[1]

    @cached_property
    def spf(self) -> str:
        """The result of SPF (RFC 7208) for the envelope's sender."""
        result, _ = spf.check2(i=self._hop["address"], s=self.sender, h=self._hop["greeting"])
        return str(result)

    @cached_property
    def signatures(self) -> dict[str, tuple[str, bool]]:
        """Algorithm -> domain that signed, and whether the signature holds (RFC 6376, RFC 8463)."""
        found = {}
        for index, header in enumerate(self.message.get_all("DKIM-Signature", [])):
            tags = dict(part.strip().split("=", 1) for part in str(header).split(";") if "=" in part)
            try:
                holds = bool(dkim.DKIM(self._raw).verify(idx=index))
            except dkim.DKIMException:
                holds = False
            found[tags["a"].strip()] = (tags["d"].strip().lower(), holds)
        return found

    def by_spf(self, _: str) -> Verdict:
        return Verdict(self.spf == "pass", f"SPF {self.spf} for {self._hop['address']}")

    def by_signatures(self, domain: str) -> Verdict:
        wrong = [
            f"no signature by {algorithm}"
            if algorithm not in self.signatures
            else f"the signature by {algorithm} does not hold"
            for algorithm in _ALGORITHMS
            if self.signatures.get(algorithm, ("", False)) != (domain, True)
        ]
        return Verdict(not wrong, " and ".join(wrong) or f"{' and '.join(_ALGORITHMS)} hold")

    def by_alignment(self, domain: str) -> Verdict:
        """DMARC (RFC 7489): what passed was said by the domain in From. Strict, which holds relaxed too."""
        record = dkim.get_txt(f"_dmarc.{self.author}.".encode()) or b""
        text = record.decode(errors="replace") if isinstance(record, bytes) else str(record)
        if not text.startswith("v=DMARC1"):
            return Verdict(right=False, what=f"{self.author} has no record of DMARC")
        by_spf = self.spf == "pass" and self.sender.rpartition("@")[2].lower() == self.author
        by_dkim = any(signed == self.author and holds for signed, holds in self.signatures.values())
        aligned = [name for name, is_aligned in (("SPF", by_spf), ("DKIM", by_dkim)) if is_aligned]
        right = self.author == domain and len(aligned) == 2  # noqa: PLR2004  # both
        return Verdict(right, f"aligned by {' and '.join(aligned) or 'nothing'}")

    def by_tls(self, _: str) -> Verdict:
        found = _TLS.search(self._hop["rest"])
        return Verdict(bool(found), f"{found[1]} {found[2]}" if found else "came in clear")

    def by_names(self, _: str) -> Verdict:
        greeting, reverse = self._hop["greeting"].lower(), self._hop["reverse"].lower()
        return Verdict(greeting == reverse, f"greets as {greeting}, {self._hop['address']} is {reverse}")


LOOKS: dict[str, Callable[[Judgement, str], Verdict]] = {
    "outgoing-spf": Judgement.by_spf,
    "outgoing-dkim": Judgement.by_signatures,
    "outgoing-dmarc": Judgement.by_alignment,
    "outgoing-tls": Judgement.by_tls,
    "outgoing-names": Judgement.by_names,
}
