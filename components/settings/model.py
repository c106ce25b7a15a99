"""A whole stack file. Every field of it and of its sections carries the sentence that the reference manual prints."""

from enum import StrEnum
from typing import Annotated

from pydantic import BeforeValidator, Field

from components.settings.account import Accounts, Groups, Lists
from components.settings.database import DatabaseSettings
from components.settings.dns import DnsSettings
from components.settings.domain import Domains
from components.settings.fields.mail import Removable
from components.settings.fields.name import ClusterName, NodeName, Note
from components.settings.fields.source import AUTHORITIES, OWN, PRIVATE, AccountsFile, Mirror
from components.settings.front import FrontSettings
from components.settings.hetzner import HetznerSettings
from components.settings.lab import LabSettings
from components.settings.mail import MailSettings, default_domain, own_addresses, service_name
from components.settings.node import NodeSettings
from components.settings.releases import ReleaseSettings
from components.settings.section import Section
from components.settings.ssh import SshSettings
from components.settings.updates import UpdateSettings

MOST_NODES = 100


class Platform(StrEnum):
    """Where hosts come from."""

    LAB = "lab"
    EXISTING = "existing"
    HETZNER = "hetzner"


class Permission(StrEnum):
    """What is never done unless the stack file names it, because nothing undoes it."""

    SINGLE_COPY = "single_copy"
    DESTROY = "destroy"
    REPLACE_RECORDS = "replace_records"
    SIGNING_KEY = "signing_key"
    SILENT_NAME_SERVER = "silent_name_server"
    DATABASE_LINE = "database_line"


def _wanted(value: object) -> object:
    return None if value == "auto" else value


FaultTolerance = Annotated[Annotated[int, Field(ge=0, le=2)] | None, BeforeValidator(_wanted)]


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
    fault_tolerance: FaultTolerance = Field(
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
        " while `dns.server` does not answer, and ends where a record changes; `database_line`: all processes of the"
        " database go over at once to a FoundationDB of a later line than 7.4.",
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
