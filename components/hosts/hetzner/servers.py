"""One server per node, with addresses that outlive it."""

from dataclasses import dataclass, replace
from itertools import islice

import pulumi
import pulumi_hcloud as hcloud
import pulumi_tls as tls
from pulumi_command import remote

from components.dns.names import Address
from components.hosts.hetzner.cloud_init import user_data
from components.hosts.hetzner.identity import Identity
from components.hosts.hetzner.network import Net
from components.hosts.leave import leave
from components.remote.host import DIAL_ERROR_LIMIT, Host
from components.remote.step import another_machine
from components.settings import Settings
from components.topology import Node

# A booting server takes its time, and one that is turned away by a busy location is tried again by the engine.
BOOT_DIAL_LIMIT = 4 * DIAL_ERROR_LIMIT
_SERVER_TIMEOUT = "15m"

# Servers a spread placement group can hold. Source: Hetzner's docs, Placement Groups.
MOST_PER_GROUP = 10

# Servers that are asked for at the same time: more run into the rate limit of the API.
MOST_AT_ONCE = 10


@dataclass(frozen=True, kw_only=True)
class ServerArgs:
    """What all servers of the stack share."""

    settings: Settings
    identity: Identity
    net: Net
    key: hcloud.SshKey
    login: tls.PrivateKey
    parent: pulumi.Resource


def groups(nodes: tuple[Node, ...]) -> dict[str, str]:
    """Node -> name of its placement group: servers of a group stand on different machines, at most ten to a group.

    A group is within one location, since machines of different locations differ anyway.
    """
    by_location: dict[str, list[str]] = {}
    for node in nodes:
        by_location.setdefault(str(node.location), []).append(node.name)
    found: dict[str, str] = {}
    for location, names in by_location.items():
        rest = iter(names)
        number = 1
        while part := list(islice(rest, MOST_PER_GROUP)):
            found |= dict.fromkeys(part, f"{location}-{number}")
            number += 1
    return found


class Servers:
    """Makes servers; those that were made before bound how many are asked for at once."""

    def __init__(self, name: str, args: ServerArgs, nodes: tuple[Node, ...], options: pulumi.ResourceOptions) -> None:
        self._name = name
        self._args = args
        self._options = options
        self._in_its_place = pulumi.ResourceOptions.merge(options, pulumi.ResourceOptions(ignore_changes=["location"]))
        # The engine itself refuses to remove what holds mail, whatever the API would say.
        self._made: list[hcloud.Server] = []
        self._nodes = nodes
        families = ("ipv4", "ipv6") if args.settings.hetzner.ipv6 else ("ipv4",)
        self._keys = {
            node.name: tls.PrivateKey(f"{name}-host-key-{node.name}", algorithm="ED25519", opts=options)
            for node in nodes
        }
        self._addresses = {node.name: {family: self._address(node, family) for family in families} for node in nodes}
        self._of_node = groups(nodes)
        self._groups = {
            group: hcloud.PlacementGroup(
                f"{name}-spread-{group}",
                name=args.identity.of(f"spread-{group}"),
                type="spread",
                labels=args.identity.labels,
                opts=options,
            )
            for group in dict.fromkeys(self._of_node.values())
        }

    def make(self, node: Node) -> Host:
        """The server of a node, as a host that is not prepared yet."""
        args, name = self._args, f"{self._name}-{node.name}"
        hetzner = args.settings.hetzner
        own, addresses = self._keys[node.name], self._addresses[node.name]
        kept = (
            "hetzner.protection is on: set it to false, run up, then count the machine up" if hetzner.protection else ""
        )
        left = leave(self._name, node, self._nodes, self._bare, args.parent, kept)
        server = hcloud.Server(
            name,
            name=args.identity.of(node.name),
            server_type=args.settings.nodes[node.name].type or hetzner.type,
            location=node.location,
            image=hetzner.image,
            ssh_keys=[args.key.name],
            user_data=pulumi.Output.all(own.private_key_openssh, own.public_key_openssh).apply(
                lambda pair: user_data(str(pair[0]), str(pair[1]))
            ),
            placement_group_id=self._groups[self._of_node[node.name]].id.apply(int),
            firewall_ids=[args.net.firewall.id.apply(int)],
            public_nets=[
                hcloud.ServerPublicNetArgs(
                    ipv4_enabled=True,
                    ipv4=addresses["ipv4"].id.apply(int),
                    ipv6_enabled=hetzner.ipv6,
                    ipv6=addresses["ipv6"].id.apply(int) if hetzner.ipv6 else None,
                )
            ],
            networks=[
                hcloud.ServerNetworkArgs(network_id=args.net.network.id.apply(int), ip=node.address, alias_ips=[])
            ],
            backups=hetzner.backups,
            # The disk stays as it is when the type grows, so that the way back to a smaller one stays open.
            keep_disk=True,
            delete_protection=hetzner.protection,
            rebuild_protection=hetzner.protection,
            shutdown_before_deletion=True,
            labels=args.identity.labelled(node.name),
            opts=pulumi.ResourceOptions.merge(
                pulumi.ResourceOptions.merge(self._options, another_machine(node.machine)),
                pulumi.ResourceOptions(
                    # None of these may replace a server that holds mail: a newer image and another key are for new
                    # servers, and one that exists is not moved.
                    ignore_changes=["image", "location", "placementGroupId", "sshKeys", "userData"],
                    depends_on=[args.net.subnet, *self._turn(), *left],
                    custom_timeouts=pulumi.CustomTimeouts(create=_SERVER_TIMEOUT, update=_SERVER_TIMEOUT),
                ),
            ),
        )
        self._made.append(server)
        public = tuple(
            Address(type="A" if family == "ipv4" else "AAAA", value=address.ip_address.apply(first_address))
            for family, address in addresses.items()
        )
        device, attached = self._volume(node, server)
        # By way of the server, so that nothing is tried before it runs.
        address = pulumi.Output.all(server.id, addresses["ipv4"].ip_address).apply(lambda known: str(known[1]))
        host = replace(self._bare(node, address), public=public, identity=server.id, server=server, device=device)
        return host.once([server, *attached])

    def _bare(self, node: Node, address: pulumi.Input[str] | None = None) -> Host:
        """The node's host by its address and keys; without an address of its own it waits for no server."""
        connection = remote.ConnectionArgs(
            host=address or self._addresses[node.name]["ipv4"].ip_address,
            private_key=self._args.login.private_key_openssh,
            host_key=self._keys[node.name].public_key_openssh,
            dial_error_limit=BOOT_DIAL_LIMIT,
        )
        return Host(node=node, connection=connection, public=())

    def _turn(self) -> list[hcloud.Server]:
        """The server that has to be there before the next one is asked for."""
        return [self._made[-MOST_AT_ONCE]] if len(self._made) >= MOST_AT_ONCE else []

    def _address(self, node: Node, family: str) -> hcloud.PrimaryIp:
        """An address of the stack's own, with its reverse name: a server that is replaced keeps both."""
        identity, hetzner = self._args.identity, self._args.settings.hetzner
        address = hcloud.PrimaryIp(
            f"{self._name}-{family}-{node.name}",
            name=identity.of(f"{node.name}-{family}"),
            type=family,
            location=node.location,
            assignee_type="server",
            auto_delete=False,
            delete_protection=hetzner.protection,
            labels=identity.labelled(node.name),
            opts=self._in_its_place,
        )
        hcloud.Rdns(
            f"{self._name}-reverse-{family}-{node.name}",
            primary_ip_id=address.id.apply(int),
            ip_address=address.ip_address.apply(first_address),
            # A name leads back to the address only where the address is among its own.
            dns_ptr=self._args.settings.outgoing if node.sends else node.hostname,
            opts=self._options,
        )
        return address

    def _volume(self, node: Node, server: hcloud.Server) -> tuple[pulumi.Input[str], list[pulumi.Resource]]:
        """The device of the database's own volume, empty where there is none, and what attaches it."""
        identity, hetzner = self._args.identity, self._args.settings.hetzner
        if hetzner.volume is None:
            return "", []
        volume = hcloud.Volume(
            f"{self._name}-volume-{node.name}",
            name=identity.of(node.name),
            size=hetzner.volume,
            location=node.location,
            # One that is there stays as it was made: another format would be another volume, and lose what it holds.
            format=None if node.encrypted else "ext4",
            delete_protection=hetzner.protection,
            labels=identity.labelled(node.name),
            opts=pulumi.ResourceOptions.merge(
                self._options, pulumi.ResourceOptions(ignore_changes=["location", "format"])
            ),
        )
        attachment = hcloud.VolumeAttachment(
            f"{self._name}-attachment-{node.name}",
            volume_id=volume.id.apply(int),
            server_id=server.id.apply(int),
            automount=False,
            opts=self._options,
        )
        return volume.linux_device, [attachment]


def first_address(ip: str) -> str:
    """The address of the server itself: of IPv6 it has a whole network, and sends from the first address of it."""
    return f"{ip}1" if ip.endswith("::") else ip
