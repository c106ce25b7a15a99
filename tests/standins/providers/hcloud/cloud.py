"""The cloud behind the plugin: all that a project has there, how often it was asked, and how it is to behave."""

import os
import threading
from collections import Counter, defaultdict
from collections.abc import Mapping
from typing import Any

from . import removal, zone_text
from .addresses import Pool
from .errors import ApiError, gone
from .fresh_zone import fresh_zone
from .machines import Machines

Record = dict[str, Any]


class Cloud:
    """One project. Tests look into it, change it behind the stack's back and script its moods.

    Attributes:
        calls: how often was asked for what: "server.create", "server.get", "primary_ip.delete".
        seconds: how long each of these takes.
        server_limit: how many servers the project may have.
        rate_limited: how many of the next calls are too many; the client bears five in a row.
        sold_out: pairs of server type and location that are out of stock for now.
        tables: kind -> number -> record; records have the provider's property names and some more.
        strict_deletes: whether servers and placement groups that are gone already cannot be deleted, as in provider
            1.66, which needs a refresh first.
    """

    def __init__(
        self,
        *,
        machines: Machines | None = None,
        pool: Pool | None = None,
        server_limit: int | None = None,
        strict_deletes: bool = True,
        environment: Mapping[str, str] = os.environ,
    ) -> None:
        self.machines = machines
        self.pool = pool or Pool()
        self.server_limit = server_limit
        self.strict_deletes = strict_deletes
        self.environment = environment
        self.calls: Counter[str] = Counter()
        self.seconds: dict[str, float] = {}
        self.rate_limited = 0
        self.sold_out: set[tuple[str, str]] = set()
        self.tables: dict[str, dict[int, Record]] = defaultdict(dict)
        self.pointers: dict[str, str] = {}
        self.lock = threading.RLock()
        self._failing: dict[str, list[ApiError]] = defaultdict(list)
        self._number = 1000

    def fail(self, operation: str, code: str, message: str = "told to fail", times: int = 1) -> None:
        """Let the next calls of this kind, like "server.create", end in an error."""
        self._failing[operation] += [ApiError(code, message) for _ in range(times)]

    def all(self, kind: str) -> list[Record]:
        """Everything of a kind: server, primary_ip, ssh_key, network, firewall, placement_group, volume,
        load_balancer, zone.
        """
        with self.lock:
            return list(self.tables[kind].values())

    def named(self, kind: str, name: str) -> Record:
        """What has this name.

        Raises:
            LookupError: nothing has.
        """
        found = self.find(kind, name)
        if found is None:
            raise LookupError(f"no {kind} {name}")
        return found

    def find(self, kind: str, name: object) -> Record | None:
        """What has this name or this number."""
        with self.lock:
            found = (one for one in self.tables[kind].values() if name in {one["name"], one["id"], str(one["id"])})
            return next(found, None)

    def remove_by_hand(self, kind: str, name: str) -> None:
        """Remove something as a person does in the console: no protection holds, no state knows of it."""
        with self.lock:
            record = self.named(kind, name)
            removal.remove(self, kind, record["id"])
        if kind == "server":
            self.stop_machine(record)

    def stop_machine(self, server: Record) -> None:
        """Remove the host of a server, if one was started."""
        if self.machines and server["booted"]:
            self.machines.remove(server["name"])

    def reverse(self) -> dict[str, str]:
        """Address -> the name it was given."""
        with self.lock:
            return dict(self.pointers)

    def zone_text(self, name: str) -> str:
        """A zone as BIND reads it.

        Raises:
            LookupError: there is no such zone.
        """
        with self.lock:
            return zone_text.whole(self.named("zone", name))

    def reverse_text(self) -> str:
        """The reverse names as BIND reads them, each with its full name."""
        with self.lock:
            return zone_text.reverse(self.pointers)

    def add(self, kind: str, record: Record) -> Record:
        """Keep something new, under a number of its own."""
        with self.lock:
            self._number += 1
            return self.tables[kind].setdefault(self._number, {"id": self._number, **record})

    def add_zone(self, name: str, ttl: int = 3600) -> Record:
        """A zone that was made by hand, before any stack."""
        return self.add("zone", fresh_zone(name, ttl))

    def get(self, kind: str, number: object) -> Record:
        """What has this number.

        Raises:
            ApiError: nothing has.
        """
        with self.lock:
            found = self.tables[kind].get(int(str(number)))
            if found is None:
                raise gone(kind.replace("_", " "), number)
            return found

    def unique(self, kind: str, name: str, message: str = "name is already used", but: int = 0) -> None:
        """Refuse a name that another thing of the kind has."""
        if any(one["name"] == name and one["id"] != but for one in self.all(kind)):
            raise ApiError("uniqueness_error", message)

    def answer(self, operation: str) -> None:
        """Count a call, and fail it if that was wished for."""
        with self.lock:
            self.calls[operation] += 1
            if self.rate_limited > 0:
                self.rate_limited -= 1
                raise ApiError("rate_limit_exceeded", "limit of 3600 requests per hour reached")
            if self._failing[operation]:
                raise self._failing[operation].pop(0)


def token(word: str = "good") -> str:
    """A token of the right length: what begins with `wrong` or `unauthorized` is unknown, `readonly` only looks."""
    return word.ljust(64, "0")
