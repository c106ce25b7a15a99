"""The section of SSH: how hosts are reached that somebody else made."""

from pydantic import Field

from components.settings.fields.name import HostKey
from components.settings.section import Port, Section


class Bastion(Section):
    """A host that SSH goes through."""

    address: str = Field(description="Name or address of the bastion.")
    user: str = Field(default="root", description="User on the bastion.")
    port: Port = Field(default=22, description="SSH port of the bastion.")
    host_key: HostKey = Field(
        description="The bastion's SSH key; behind a bastion every node needs its `host_key` too."
    )


class SshSettings(Section):
    """How `existing` hosts are reached."""

    user: str = Field(default="root", description="Login; other than root it needs `sudo` without a password.")
    port: Port = Field(default=22, description="SSH port of every node.")
    key_file: str | None = Field(
        default=None,
        description="Private key file on this machine. Default: the secret `ssh_private_key`, else the SSH agent.",
    )
    bastion: Bastion | None = Field(default=None, description="Host to go through, where nodes have no public address.")
