"""Keeps hosts up to date without two of them being away at once."""

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi

from components.foundationdb.cluster import FoundationDb
from components.remote.host import Host
from components.remote.step import run_script
from components.settings import Reboot, UpdateSettings
from components.stalwart.cluster import Stalwart
from components.upkeep.times import spread


@dataclass(frozen=True, kw_only=True)
class UpkeepArgs:
    """A host is done when its node serves; nothing waits for it."""

    hosts: Mapping[str, Host]
    updates: UpdateSettings
    database: FoundationDb
    mail: Stalwart


class Upkeep(pulumi.ComponentResource):
    """The reboot in turn and the security updates on every host."""

    def __init__(self, name: str, args: UpkeepArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("stalwart-cluster:upkeep:Upkeep", name, None, opts)
        updates = args.updates
        for host, times in zip(args.hosts.values(), spread(updates.hour, len(args.hosts)), strict=True):
            run_script(
                f"{name}-{host.name}",
                host,
                "upkeep/install.sh",
                {
                    "SECURITY": "yes" if updates.security else "",
                    "RENEW": "yes" if updates.reboot is Reboot.IN_TURN else "",
                    "INSTALL_AT": times.install,
                    "RENEW_AT": times.renew,
                },
                parent=self,
                after=[args.mail.started.get(host.name, args.database.created)],
                timeout="20m",
            )
        self.register_outputs({})
