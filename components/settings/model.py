"""The sections of the stack file. Every field carries the sentence that the reference manual prints."""

from collections.abc import Iterable
from enum import StrEnum
from ipaddress import IPv4Network
from typing import Annotated

from pydantic import Field

from components.settings.account import Accounts, Groups, Lists
from components.settings.domain import Domains
from components.settings.fields import (
    AUTHORITIES,
    OWN,
    PRIVATE,
    AccountsFile,
    CertificateSource,
    ClusterName,
    Digest,
    Domain,
    HostKey,
    LabNetwork,
    Mailbox,
    Mebibytes,
    Mirror,
    NodeName,
    Note,
    Release,
    Removable,
    Wanted,
)
from components.settings.front import DnsSettings, FrontSettings
from components.settings.hetzner import HetznerSettings
from components.settings.limits import LimitSettings, SpamSettings
from components.settings.node import NodeSettings
from components.settings.relay import RelaySettings
from components.settings.section import Port, Section
from components.settings.updates import UpdateSettings

MOST_NODES = 100

PROBE = "cluster-probe"
"""The mailbox that receives and sends only the mails of the proof."""


class Platform(StrEnum):
    """Where hosts come from."""

    LAB = "lab"
    EXISTING = "existing"
    HETZNER = "hetzner"


class Architecture(StrEnum):
    """Debian's name of a processor family."""

    AMD64 = "amd64"
    ARM64 = "arm64"


class Engine(StrEnum):
    """FoundationDB's storage engines that are for production, by the names `configure` knows."""

    SSD = "ssd-2"
    REDWOOD = "ssd-redwood-1"


class Permission(StrEnum):
    """What is never done unless the stack file names it, because nothing undoes it."""

    SINGLE_COPY = "single_copy"
    DESTROY = "destroy"
    REPLACE_RECORDS = "replace_records"
    SIGNING_KEY = "signing_key"
    SILENT_NAME_SERVER = "silent_name_server"


class Downloads(StrEnum):
    """Whether the mail server fetches its web page, spam rules and address lists itself."""

    PUBLISHED = "published"
    NONE = "none"


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


class LabSettings(Section):
    """Hosts on this machine, for trying and for tests."""

    network: LabNetwork = Field(default=IPv4Network("10.77.0.0/24"), description="Network of the lab hosts.")
    debian: Annotated[int, Field(ge=12, le=13)] = Field(
        default=13, description="Debian release of the lab hosts: 12 or 13."
    )


class ReleaseSettings(Section):
    """The pair of releases. Always pinned; see docs/decisions for which pairs work."""

    stalwart: Release = Field(default="0.16.27", description="Stalwart release.")
    foundationdb: Release = Field(default="7.4.6", description="FoundationDB release.")
    stalwart_sha256: dict[Architecture, Digest] = Field(
        default_factory=dict,
        description="SHA-256 of Stalwart's archive by architecture. Default: learnt from the first host.",
    )


class DatabaseSettings(Section):
    """FoundationDB on every node."""

    engine: Engine = Field(default=Engine.SSD, description="Storage engine, fixed when the database is created.")
    memory: Mebibytes = Field(
        default=None, description="Memory limit per process, e.g. `4GiB`; `auto` goes by the host's memory."
    )
    cache: Mebibytes = Field(
        default=None, description="Page cache per process, less than `memory`; `auto` is a quarter of it."
    )
    encrypt: bool = Field(
        default=False,
        description="Encrypt the disks that hold the data (LUKS2), opened at a boot by the other nodes' keys. Only new,"
        " empty disks: `hetzner.volume`, or `nodes.<node>.device`.",
    )


class MailSettings(Section):
    """Stalwart on every node with the role `mail`."""

    hostname: Domain | None = Field(
        default=None,
        description="Name of the mail service, for greetings and certificates. Default: `mail.` + `domain`.",
    )
    domain: Domain | None = Field(
        default=None,
        description="The domain that holds the administrator; needed where there is more than one.",
    )
    admin: Mailbox = Field(default="admin", description="Name of the administrator's mailbox in the default domain.")
    submission: bool = Field(default=False, description="Open port 587 (STARTTLS) beside 465.")
    certificate: CertificateSource = Field(
        default=PRIVATE,
        description="`private`: of a certificate authority of the stack's own, see the output `certificate_authority`;"
        " `own`: yours; `letsencrypt`, `letsencrypt_staging` (not trusted, for trials), or the URL of another"
        " authority's ACME directory.",
    )
    certificate_chain: str | None = Field(
        default=None,
        description="For `own`: the certificate and those of the authorities above it, in PEM, the server's own first;"
        " or the file that they are in. Its key is the secret `certificate_key`.",
    )
    store_timeout: Annotated[int, Field(ge=10, le=120)] = Field(
        default=20, description="Seconds a request waits for the database before it fails for the moment."
    )
    relay: RelaySettings | None = Field(
        default=None,
        description="Mail server of somebody else through which mail leaves, e.g. because port 25 is closed. Default:"
        " mail goes to the receiver's own mail servers.",
    )
    spam: SpamSettings = Field(default=SpamSettings(), description="What is done with spam.")
    limits: LimitSettings = Field(default=LimitSettings(), description="How much anybody may hand in.")
    downloads: Downloads = Field(
        default=Downloads.PUBLISHED,
        description="`published`: the server fetches its web page, spam rules and address lists; `none`: without them.",
    )


def default_domain(mail: MailSettings, domains: Iterable[str]) -> str:
    """The domain of the administrator: the one that is named, else the only one."""
    return mail.domain or next(iter(domains))


def own_addresses(mail: MailSettings, domains: Iterable[str]) -> tuple[str, str]:
    """The addresses of the administrator and of the probe."""
    domain = default_domain(mail, domains)
    return f"{mail.admin}@{domain}", f"{PROBE}@{domain}"


def service_name(mail: MailSettings, domains: Iterable[str]) -> str:
    """Name of the mail service."""
    return mail.hostname or f"mail.{default_domain(mail, domains)}"


class Settings(Section):
    """A whole stack file."""

    platform: Platform = Field(
        description="Where hosts come from: `lab` (this machine), `existing` (hosts you have) or `hetzner` (servers"
        " that it makes)."
    )
    nodes: Annotated[dict[NodeName, NodeSettings], Field(min_length=1, max_length=MOST_NODES)] = Field(
        description="The nodes, by name. The first in natural order seeds the cluster file."
    )
    domains: Domains = Field(
        description="The mail domains, by name, e.g. `example.org: {}`. One taken out stays until `remove` names it."
    )
    accounts: Accounts = Field(
        default={},
        description="Accounts, by address, e.g. `anna@example.org: {}`. One taken out is disabled, not erased.",
    )
    accounts_file: AccountsFile = Field(
        default=None,
        description="More accounts from a `.csv` or `.json` file with the keys of `accounts` as columns, and `address`."
        " With hashes of passwords only its owner may read it.",
    )
    groups: Groups = Field(
        default={}, description="Mailboxes that accounts share, by address. One that is taken out keeps its mail."
    )
    lists: Lists = Field(
        default={}, description="Addresses that pass mail on, by address. One that is taken out passes nothing on."
    )
    remove: tuple[Removable, ...] = Field(
        default=(),
        description="Addresses and domains that are erased for good, with all mail in them: by name, and only what was"
        " taken out of the stack file in a run before.",
    )
    cluster: ClusterName = Field(default="mail", description="Name of the database cluster, constant for its life.")
    fault_tolerance: Wanted = Field(
        default=None,
        description="Zones that may fail without loss of data or service, 0 to 2; `up` fails below it."
        " `auto`: what the zones give.",
    )
    release: ReleaseSettings = Field(default=ReleaseSettings(), description="The pair of releases.")
    database: DatabaseSettings = Field(default=DatabaseSettings(), description="FoundationDB.")
    mail: MailSettings = Field(default=MailSettings(), description="Stalwart.")
    lab: LabSettings = Field(default=LabSettings(), description="Only for `platform: lab`.")
    ssh: SshSettings = Field(default=SshSettings(), description="Only for `platform: existing`.")
    hetzner: HetznerSettings = Field(default=HetznerSettings(), description="Only for `platform: hetzner`.")
    front: FrontSettings = Field(default=FrontSettings(), description="How the world reaches the nodes.")
    dns: DnsSettings = Field(default=DnsSettings(), description="The records of the mail domains.")
    updates: UpdateSettings = Field(default=UpdateSettings(), description="How hosts are kept up to date.")
    mirror: Mirror = Field(
        default=None,
        description="Folder or URL with the packages, as `foundationdb/VERSION/FILE` and `stalwart/vVERSION/FILE`."
        " Default: the published releases.",
    )
    allow: tuple[Permission, ...] = Field(
        default=(),
        description="What cannot be undone and is refused otherwise. `single_copy`: the database may go down to one"
        " copy of all data; `destroy`: servers and volumes of platform `hetzner` may be removed;"
        " `replace_records`: records that somebody else made may be taken out of a zone where they are in the way;"
        " `signing_key`: a signing key that leaked may go before its days are over; `silent_name_server`: a run goes on"
        " while `dns.server` does not answer, and ends where a record changes.",
    )
    mend: Note = Field(
        default="",
        description="Any short text. Another text runs every step on the hosts once more: each puts right what differs"
        " from the stack and restarts only what must be. `make mend` writes the present time.",
    )

    @property
    def hostname(self) -> str:
        """Name of the mail service."""
        return service_name(self.mail, self.domains)

    @property
    def default_domain(self) -> str:
        """The domain of the administrator; it comes first wherever domains stand in a row."""
        return default_domain(self.mail, self.domains)

    @property
    def own_addresses(self) -> tuple[str, str]:
        """The administrator's address, which is the login, and that of the probe."""
        return own_addresses(self.mail, self.domains)

    @property
    def domain_names(self) -> tuple[str, ...]:
        """The domains, the default one first; without their aliases."""
        return (self.default_domain, *(name for name in self.domains if name != self.default_domain))

    @property
    def outgoing(self) -> str:
        """Name of all nodes as senders: in EHLO, in the reverse names, and in the SPF of every domain."""
        return f"out.{self.hostname}"

    @property
    def authority(self) -> str | None:
        """The ACME directory that certificates are asked of; None where no public authority is."""
        source = self.mail.certificate
        return None if source in {PRIVATE, OWN} else AUTHORITIES.get(source, source)
