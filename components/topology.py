"""From settings to who does what: seed, zones, coordinators, addresses, pairs of the proof."""

from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from itertools import permutations

from components.foundationdb import redundancy
from components.foundationdb.redundancy import Redundancy, Tolerance
from components.settings import Place, Platform, Role, Settings
from components.settings.addresses import network_of, node_address
from components.settings.database import is_encrypted
from components.settings.placement import locations_of, natural, zones_of

DATABASE_PORT = 4500
COORDINATION_PORT = 4222
MOST_COORDINATION_NODES = 3

# Above this many nodes the proof goes round a ring: all pairs would be 30 and more mails per `up`.
MOST_NODES_ALL_PAIRS = 5


@dataclass(frozen=True, kw_only=True)
class Node:
    """One node of the plan. `hostname` is its identity in the mail cluster and must never change."""

    name: str
    zone: str
    address: str
    hostname: str
    mail: bool
    in_front: bool
    """Whether the front leads anybody to it."""

    sends: bool
    """Whether mail leaves from its addresses."""

    location: str | None
    """Where its server stands, on platform hetzner."""

    encrypted: bool
    """Whether the disk of its database is."""

    machine: int
    """Which machine carries it, counted from one."""

    @property
    def database_address(self) -> str:
        """Where its database process listens: `ip:port`."""
        return f"{self.address}:{DATABASE_PORT}"

    @property
    def coordination_address(self) -> str:
        """Where NATS listens on it, if it does: `ip:port`."""
        return f"{self.address}:{COORDINATION_PORT}"


@dataclass(frozen=True, kw_only=True)
class Plan:
    """The whole topology, in natural order of the nodes' names."""

    nodes: tuple[Node, ...]
    wanted_tolerance: int

    @property
    def seed(self) -> Node:
        """The node that makes the first cluster file. Not special afterwards."""
        return self.nodes[0]

    @cached_property
    def mail_nodes(self) -> tuple[Node, ...]:
        """The nodes that run the mail server; the first is configured alone before the others start."""
        return tuple(node for node in self.nodes if node.mail)

    @property
    def first_mail_node(self) -> Node:
        """Where the steps run that speak with one mail server for all: what they write lies in the database."""
        return self.mail_nodes[0]

    @cached_property
    def front_nodes(self) -> tuple[Node, ...]:
        """The mail nodes that the front leads to; at least one."""
        return tuple(node for node in self.nodes if node.in_front)

    @cached_property
    def sending_nodes(self) -> tuple[Node, ...]:
        """The mail nodes from whose addresses mail leaves; at least one."""
        return tuple(node for node in self.mail_nodes if node.sends)

    @cached_property
    def one_per_zone(self) -> tuple[Node, ...]:
        """The first node of every zone."""
        first: dict[str, Node] = {}
        for node in self.nodes:
            first.setdefault(node.zone, node)
        return tuple(first.values())

    @property
    def redundancy(self) -> Redundancy:
        """The redundancy mode that the zones allow."""
        return redundancy.redundancy(len(self.one_per_zone))

    @property
    def coordinators(self) -> tuple[Node, ...]:
        """The nodes whose database process keeps the cluster's coordination, each in a zone of its own."""
        return self.one_per_zone[: redundancy.coordinators(len(self.one_per_zone))]

    @property
    def expected_tolerance(self) -> Tolerance:
        """What the database reports when all is well."""
        return redundancy.expected(len(self.one_per_zone))

    @property
    def coordination_nodes(self) -> tuple[Node, ...]:
        """The nodes that run NATS: up to three, in different zones first."""
        rest = tuple(node for node in self.nodes if node not in self.one_per_zone)
        return (*self.one_per_zone, *rest)[:MOST_COORDINATION_NODES]

    @property
    def openers(self) -> int:
        """How many of the other nodes open an encrypted disk together: two, so that two stolen machines open nothing.

        One where two might not be there: when as many zones are down as may fail, the largest ones.
        """
        sizes = sorted(Counter(node.zone for node in self.nodes).values(), reverse=True)
        left = len(self.nodes) - 1 - sum(sizes[: self.expected_tolerance.survivable])
        return 2 if left >= 2 else 1  # noqa: PLR2004  # two

    @property
    def pairs(self) -> tuple[tuple[Node, Node], ...]:
        """Who hands a mail in and who must be able to read it."""
        nodes = self.mail_nodes
        if len(nodes) == 1:
            return ((nodes[0], nodes[0]),)
        if len(nodes) <= MOST_NODES_ALL_PAIRS:
            return tuple(permutations(nodes, 2))
        return tuple(zip(nodes, (*nodes[1:], nodes[0]), strict=True))


def plan(settings: Settings) -> Plan:
    """Lay out the checked settings. Cannot fail: what could is refused by the settings' rules."""
    values = dict(settings)
    network, zones = network_of(values), zones_of(values)
    made = settings.platform is Platform.HETZNER
    locations = locations_of(settings.nodes, settings.hetzner) if made else {}
    nodes = tuple(
        Node(
            name=name,
            zone=zones[name],
            address=str(node_address(network, name, node)),
            hostname=f"{name}.{settings.hostname}",
            mail=Role.MAIL in node.roles,
            in_front=Role.MAIL in node.roles and node.front is Place.IN,
            sends=Role.MAIL in node.roles and node.sends,
            location=str(locations[name]) if made else None,
            encrypted=is_encrypted(node, settings.database),
            machine=node.machine,
        )
        for name, node in sorted(settings.nodes.items(), key=lambda item: natural(item[0]))
    )
    expected = redundancy.expected(len(set(zones.values()))).survivable
    wanted = settings.fault_tolerance
    return Plan(nodes=nodes, wanted_tolerance=expected if wanted is None else wanted)
