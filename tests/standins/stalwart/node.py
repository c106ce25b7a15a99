"""A running node: who it is, its lease, its coordinator, who may log in, what settings are in force."""

import os
import socket
import struct
import threading
import time
from typing import Any

from . import acme, broadcast, certificates, dkim
from .coordinator import Coordinator
from .encryption.sealing import Sealing
from .filing import Filing
from .mailstore import Mailstore
from .people import People
from .queue.post import Post
from .queue.routes import Routes
from .queue.spool import Spool
from .registry import Registry, encode
from .sight import Sight
from .store import Store, Transaction
from .trust.names import Names

_HOUR = 3600
_STALE_SECONDS = 2.0

# Where the real one keeps its leases, and how: the node id in the key, the time and the host name in the value.
_LEASES = b"g\xff\xff\xff\xff"


class Node:
    """One process of the mail cluster."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.registry = Registry(store)
        self.mail = Mailstore(store)
        self.names = Names()
        self.sight = Sight()
        self.people = People(self.registry, os.environ.get("STALWART_RECOVERY_ADMIN", ""))
        self.sealing = Sealing(self.registry)
        self.filing = Filing(self)
        self.post = Post(Spool(store), self.people, self.filing, lambda: self.routes)
        self.hostname = os.environ.get("STALWART_HOSTNAME") or socket.gethostname().lower()
        self.node_id = 0
        self.ended = threading.Event()
        self.coordinator: Coordinator | None = None
        self.in_force: dict[str, Any] = {}
        self.policy: dict[str, Any] = {}
        self.sender_auth: dict[str, Any] = {}
        self.routes: Routes
        self.certificates = certificates.Shown()
        self._leases: list[tuple[bytes, bytes]] = []
        self._looked = -_STALE_SECONDS

    def start(self) -> None:
        """Everything between opening the store and opening the ports."""
        self.node_id = self._take_id()
        self.registry.insert_defaults()
        self.reload()
        self.load_certificates()
        self.coordinator = Coordinator.connect(self.registry.all("Coordinator")["singleton"], self.heard)
        for name in ("Domain", "Account"):
            self.registry.all(name)
        threading.Thread(target=self._make_keys, daemon=True).start()
        threading.Thread(target=self.post.run, args=(self.ended,), daemon=True).start()
        if self.coordinator:
            threading.Thread(target=self._renew, daemon=True).start()

    def reload(self) -> None:
        """Put the stored settings in force here."""
        self.in_force = self.registry.all("SystemSettings")["singleton"]
        self.policy = self.registry.all("MtaSts")["singleton"]
        self.sender_auth = self.registry.all("SenderAuth")["singleton"]
        named = {
            name: {item["name"]: item for item in self.registry.all(name).values()}
            for name in ("MtaRoute", "MtaTlsStrategy", "MtaConnectionStrategy")
        }
        self.routes = Routes(
            strategy=self.registry.all("MtaOutboundStrategy")["singleton"],
            routes=named["MtaRoute"],
            tls=named["MtaTlsStrategy"],
            greeting=named["MtaConnectionStrategy"]["default"]["ehloHostname"] or self.server_name,
            names=self.names,
            is_local=self.people.is_local,
            secret=lambda setting: os.environ.get(setting.get("variableName", ""), "") or setting.get("secret", ""),
        )

    def load_certificates(self) -> None:
        """Show what is stored; the settings that are stored, not those in force, name the default one."""
        settings = self.registry.all("SystemSettings")["singleton"]
        held = self.registry.all("Certificate")
        self.certificates.load(
            held, settings["defaultCertificateId"], lambda identity: self.registry.destroy("Certificate", identity)
        )

    @property
    def server_name(self) -> str:
        """The name of the service, that of this node until there is one."""
        return str(self.in_force.get("defaultHostname") or self.hostname)

    def tell(self, *events: broadcast.Event) -> None:
        """Let the other nodes know; without a coordinator nobody hears."""
        if self.coordinator:
            self.coordinator.publish(broadcast.written(self.node_id, *events))

    def heard(self, message: bytes) -> None:
        """What another node told."""
        try:
            node_id, events = broadcast.read(message)
        except ValueError as trouble:
            print(f"coordinator: a message that cannot be read: {trouble}", flush=True)
            return
        if node_id == self.node_id:
            return
        for kind, *numbers in events:
            match kind:
                case broadcast.ALL_CACHES:
                    self.registry.invalidate()
                case broadcast.RELOAD if numbers == [broadcast.CERTIFICATE]:
                    self.load_certificates()
                case broadcast.RELOAD:
                    self.registry.invalidate()
                    self.reload()
                case broadcast.QUEUE:
                    # The real one looks into the queue now, and so keeps a version in which the mail is not there yet.
                    self.sight.version()
                case broadcast.EMAIL:
                    self.sight.changed(encode(numbers[0]))
                case broadcast.STATE:
                    self.sight.changed(encode(numbers[2]))

    def leases(self) -> list[dict[str, Any]]:
        """The nodes, as x:ClusterNode lists them."""
        listed = []
        pairs = self._read_lately()
        for key, value in pairs:
            number, since, hostname = _lease(key, value)
            age = time.time() - since
            status = "active" if age <= _HOUR else "stale" if age <= 24 * _HOUR else "inactive"
            renewed = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(since))
            listed.append(
                {
                    "nodeId": number,
                    "hostname": hostname,
                    "lastRenewal": renewed,
                    "status": status,
                    "id": chr(97 + number),
                }
            )
        return listed

    def _read_lately(self) -> list[tuple[bytes, bytes]]:
        """The leases as of a moment ago: the real server reads at a version of the store that it keeps for seconds."""
        if time.monotonic() - self._looked > _STALE_SECONDS:
            self._leases = self.store.transact(lambda transaction: transaction.get_range(_LEASES))
            self._looked = time.monotonic()
        return self._leases

    def _take_id(self) -> int:
        """The first id that is mine or stale, else the lowest free one; what is older than a day behind it goes."""

        def body(transaction: Transaction) -> int:
            now, taken, fresh = int(time.time()), None, []
            for key, value in transaction.get_range(_LEASES):
                number, since, hostname = _lease(key, value)
                if hostname != self.hostname and now - since <= _HOUR:
                    fresh.append(number)
                elif taken is None:
                    # A flaw of the real one that operators must know: the old name is written back.
                    taken = number
                    transaction.set(key, struct.pack(">Q", now) + hostname.encode())
                elif now - since > 24 * _HOUR:
                    transaction.clear(key)
            if taken is None:
                taken = next(number for number in range(len(fresh) + 1) if number not in fresh)
                transaction.set(_key(taken), struct.pack(">Q", now) + self.hostname.encode())
            return taken

        return self.store.transact(body)

    def _renew(self) -> None:
        """Half an hour after the other, and only where there was a coordinator at the start; under one's own name."""
        while True:
            time.sleep(_HOUR / 2)
            try:
                self.store.transact(self._write_lease)
            except Exception as trouble:  # noqa: BLE001  # the store may be away; tried again
                print(f"lease: {trouble}", flush=True)

    def _write_lease(self, transaction: Transaction) -> None:
        transaction.set(_key(self.node_id), struct.pack(">Q", int(time.time())) + self.hostname.encode())

    def _certify(self) -> None:
        """An authority issues some time after a domain begins to ask it. Nobody is asked here."""
        issued = acme.issue(self.store, self.registry.all)
        for made in issued:
            self._follow(self.registry.create("Certificate", made))
        if issued:
            self.load_certificates()
            self.tell((broadcast.RELOAD, broadcast.CERTIFICATE))

    def _follow(self, identity: str) -> None:
        """A renewed certificate takes the place of the default one with the same names."""
        held = self.registry.all("Certificate")
        now = held.get(self.registry.all("SystemSettings")["singleton"]["defaultCertificateId"])
        if now and now["subjectAlternativeNames"] == held[identity]["subjectAlternativeNames"]:
            self.registry.update("SystemSettings", "singleton", {"defaultCertificateId": identity})

    def _make_keys(self) -> None:
        """Signing keys for domains that ask for them, some time after the domain was made."""
        while not self.ended.wait(1.0):
            try:
                self._certify()
                dkim.make_keys(self.store, lambda: self.registry.all("DkimSignature"), self.registry.create)
            except Exception as trouble:  # noqa: BLE001  # the store may be away; tried again
                print(f"dkim: {trouble}", flush=True)


def _key(node_id: int) -> bytes:
    return _LEASES + struct.pack(">H", node_id)


def _lease(key: bytes, value: bytes) -> tuple[int, int, str]:
    """Node id, time of the renewal in seconds of the epoch, host name."""
    return struct.unpack(">H", key[-2:])[0], struct.unpack(">Q", value[:8])[0], value[8:].decode()
