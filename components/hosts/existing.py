"""Hosts that we were given: reached, never made, never deleted."""

from pathlib import Path

import pulumi
from pulumi_command import remote

from components.dns.names import Address
from components.hosts.leave import leave
from components.remote import ssh
from components.remote.host import DIAL_ERROR_LIMIT, PER_DIAL_TIMEOUT, Host
from components.remote.step import only_once, run_local
from components.settings import NodeSettings, Settings, SshSettings
from components.topology import Node, Plan


class ExistingHosts(pulumi.ComponentResource):
    """One connection per node. An unknown host key is learnt once, shown, kept and demanded from then on."""

    hosts: dict[str, Host]

    def __init__(
        self,
        name: str,
        plan: Plan,
        settings: Settings,
        private_key: pulumi.Output[str] | None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("stalwart-cluster:hosts:ExistingHosts", name, None, opts)
        self._ssh = settings.ssh
        self._private_key = _private_key(settings.ssh, private_key)
        self.hosts = {}
        for node in plan.nodes:
            given = settings.nodes[node.name]
            address = given.ssh_address or node.address
            host_key = self._host_key(name, node.name, given, address)
            connection = self._connection(address, host_key)
            self.hosts[node.name] = Host(
                node=node,
                connection=connection,
                public=_public(node, given),
                root=settings.ssh.user == "root",
                identity="" if node.machine == 1 else str(node.machine),
                device=given.device or "",
            )
            self._release(name, self.hosts[node.name])
        bare = dict(self.hosts)
        for node in plan.nodes:
            left = leave(name, node, plan.nodes, lambda other: bare[other.name], self)
            self.hosts[node.name] = bare[node.name].once(left)
        self.register_outputs({"nodes": [node.name for node in plan.nodes]})

    def _host_key(self, name: str, node: str, given: NodeSettings, address: str) -> pulumi.Input[str]:
        if given.host_key:
            return given.host_key
        learnt = run_local(
            f"{name}-host-key-{node}",
            "local/learn_host_key.sh",
            {"NODE": node, "SSH_HOST": address, "SSH_PORT": str(self._ssh.port)},
            parent=self,
            # Learning again would accept a changed key, which is what pinning is against.
            opts=only_once(),
        )
        return learnt.stdout

    def _connection(self, address: str, host_key: pulumi.Input[str]) -> remote.ConnectionArgs:
        bastion = self._ssh.bastion
        return remote.ConnectionArgs(
            host=address,
            user=self._ssh.user,
            port=self._ssh.port,
            private_key=self._private_key,
            host_key=host_key,
            dial_error_limit=DIAL_ERROR_LIMIT,
            per_dial_timeout=PER_DIAL_TIMEOUT,
            proxy=remote.ProxyConnectionArgs(
                host=bastion.address,
                user=bastion.user,
                port=bastion.port,
                private_key=self._private_key,
                host_key=bastion.host_key,
            )
            if bastion
            else None,
        )

    def _release(self, name: str, host: Host) -> None:
        """When the stack goes: stop what it started, keep all data, and say on the host that nobody owns it.

        From this machine and not as a step on the host: a host that is gone for good must not hold up the rest.
        """
        run_local(
            f"{name}-release-{host.name}",
            "local/release_host.sh",
            {**ssh.to_host(host), "NODE": host.name},
            parent=self,
            removable=True,
        )


def _public(node: Node, given: NodeSettings) -> tuple[Address, ...]:
    """The addresses for the records: those given, else the one by which the nodes reach each other."""
    addresses = given.public or (node.address,)
    return tuple(Address(type="AAAA" if ":" in str(address) else "A", value=str(address)) for address in addresses)


def _private_key(ssh: SshSettings, secret: pulumi.Output[str] | None) -> pulumi.Output[str] | None:
    """The key as a secret: from the file on this machine, else from the stack, else none (the agent)."""
    if ssh.key_file is None:
        return secret
    try:
        text = Path(ssh.key_file).expanduser().read_text()
    except OSError as error:
        message = f"stalwart-cluster:ssh.key_file: {ssh.key_file} cannot be read: {error.strerror}"
        raise pulumi.RunError(message) from None
    return pulumi.Output.secret(text)
