"""Takes mail of people here, delivers what stays, and sends what leaves: at once, and again until it is over."""

import threading
import time
from collections.abc import Callable, Iterable
from email.message import EmailMessage
from email.utils import formatdate, make_msgid
from typing import TYPE_CHECKING, Any

from ..encryption.seal import Unsealed
from ..people import People
from ..store import StoreUnavailable
from ..trust.signatures import signed
from .hop import Status, failed, hand_over
from .routes import Routes
from .spool import RETRY_SECONDS, WAITING, Spool, moment

# How often a node looks for what another left; what it was given itself it tries at once.
_LOOK_SECONDS = 2.0

# As recorded on 0.16.19.
_NOT_NOW: Status = {
    "@type": "TemporaryFailure",
    "errorType": "unexpectedResponse",
    "errorMessage": None,
    "responseHostname": "localhost",
    "responseCode": 451,
    "responseEnhanced": "4.3.0",
    "responseMessage": "Transient server failure.",
}

if TYPE_CHECKING:
    from ..filing import Filing

Object = dict[str, Any]


class Post:
    """One node's part in the queue."""

    def __init__(self, spool: Spool, people: People, filing: "Filing", routes: Callable[[], Routes]) -> None:
        self.spool = spool
        self._people, self._filing, self._routes = people, filing, routes
        self._wake = threading.Event()

    def take(self, sender: str, recipients: list[str], raw: bytes, origin: tuple[str, int]) -> None:
        """Take a mail of somebody who logged in: it is signed, delivered to who is here, queued for who is not.

        Args:
            origin: the address and the port by which it came.
        """
        whole = signed(raw, self._people.signers(sender.rpartition("@")[2].lower()))
        if elsewhere := [address for address in recipients if not self._filing.to_address(address, whole)]:
            self.spool.put(sender, elsewhere, whole, origin)
            self.wake()

    def keep_back(self, address: str, raw: bytes) -> None:
        """Queue a mail for somebody here that cannot be stored now."""
        self.spool.put("", [address], raw, ("127.0.0.1", 0), "local")
        self.wake()

    def wake(self) -> None:
        """Look into the queue now."""
        self._wake.set()

    def run(self, ended: threading.Event) -> None:
        """Deliver until it is over."""
        while not ended.is_set():
            self._wake.wait(_LOOK_SECONDS)
            self._wake.clear()
            try:
                for identity in self.spool.due():
                    # A server that is slow holds nobody else up.
                    threading.Thread(target=self._try, args=(identity,), daemon=True).start()
            except Exception as trouble:  # noqa: BLE001  # the store may be away; looked again
                if not ended.is_set():
                    print(f"queue: {trouble}", flush=True)

    def _try(self, identity: str) -> None:
        try:
            self.attempt(identity)
        except StoreUnavailable as trouble:
            print(f"queue: {trouble}; it is tried again when the lock is over", flush=True)

    def attempt(self, identity: str) -> None:
        """Try one mail, if nobody else does."""
        claimed = self.spool.claim(identity)
        if claimed is None:
            return
        message, raw = claimed
        now = time.time()
        due = [
            address
            for address, item in message["recipients"].items()
            if item["status"]["@type"] in WAITING and item["retryDue"] <= moment(now)
        ]
        for domain in dict.fromkeys(address.rpartition("@")[2] for address in due):
            together = [address for address in due if address.endswith(f"@{domain}")]
            for address, status in self._handed_over(message, domain, together, raw).items():
                _note(message["recipients"][address], status, now)
        # Told before the mail goes: a bounce that is told twice is better than one that never was.
        self._bounce(message, [address for address in due if _is_lost(message["recipients"][address])])
        self.spool.keep(identity, message)

    def _handed_over(self, message: Object, domain: str, recipients: list[str], raw: bytes) -> dict[str, Status]:
        if self._people.is_local(domain):
            return {address: self._stored(address, raw) for address in recipients}
        first = message["recipients"][recipients[0]]
        last_error = str(first["status"].get("errorType", "")).removesuffix("Error")
        hops = self._routes().hops(domain, first["retryCount"], last_error)
        if isinstance(hops, dict):
            return dict.fromkeys(recipients, hops)
        left, found = list(recipients), dict[str, Status]()
        for hop in hops:
            found |= hand_over(hop, message["returnPath"], left, raw)
            left = [address for address in left if found[address]["@type"] == "TemporaryFailure"]
            if not left:
                break
        return found

    def _stored(self, address: str, raw: bytes) -> Status:
        account = self._people.recipient(address)
        if account is None:
            return failed("unexpectedResponse", "Mailbox does not exist.", for_good=True)
        try:
            self._filing.to_account(account, raw)
        except Unsealed:
            return _NOT_NOW
        return {"@type": "Completed"}

    def _bounce(self, message: Object, lost: Iterable[str]) -> None:
        """Tell the sender; a mail without one is not told of."""
        reasons = [f"{address}: {_reason(message['recipients'][address]['status'])}" for address in lost]
        if not reasons or not message["returnPath"]:
            return
        host = self._routes().greeting
        told = EmailMessage()
        told["From"], told["To"] = f"Mail Delivery Subsystem <MAILER-DAEMON@{host}>", message["returnPath"]
        told["Subject"] = "Failed to deliver message"
        told["Date"], told["Message-ID"] = formatdate(), make_msgid(domain=host)
        told["Auto-Submitted"] = "auto-generated"
        told.set_content("Your message could not be delivered to:\n\n" + "\n".join(reasons) + "\n")
        self._filing.to_address(message["returnPath"], told.as_bytes().replace(b"\n", b"\r\n"))


def _note(recipient: Object, status: Status, now: float) -> None:
    recipient["status"] = status
    recipient["retryCount"] += 1
    if status["@type"] == "TemporaryFailure":
        pause = RETRY_SECONDS[min(recipient["retryCount"], len(RETRY_SECONDS)) - 1]
        recipient["retryDue"] = moment(now + pause)
        if recipient["retryDue"] > recipient["expires"]["expiresAt"]:
            recipient["status"] = {**status, "@type": "PermanentFailure"}


def _is_lost(recipient: Object) -> bool:
    return bool(recipient["status"]["@type"] == "PermanentFailure")


def _reason(status: Status) -> str:
    if code := status.get("responseCode"):
        said = f"{code} {status.get('responseEnhanced') or ''} {status.get('responseMessage') or ''}"
        return f"host {status['responseHostname']} answers {said}"
    return str(status.get("errorMessage") or status["errorType"])
