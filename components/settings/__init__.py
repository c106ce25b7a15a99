"""The stack file, checked once at the edge and handed on as frozen values."""

from components.settings.account import AccountRole, AccountSettings, GroupSettings, ListSettings
from components.settings.challenge import Challenge
from components.settings.database import DatabaseSettings, Engine
from components.settings.dkim import SERVER, DkimSettings
from components.settings.dns import Dmarc, DnsProvider, DnsSettings, MtaSts
from components.settings.domain import DomainSettings
from components.settings.encryption.section import Algorithm, EncryptSettings
from components.settings.fields.source import OWN
from components.settings.front import FrontKind, FrontSettings, Place
from components.settings.hetzner import HetznerSettings, Location
from components.settings.lab import LabSettings
from components.settings.loader import SettingsError, check, load
from components.settings.mail import Downloads, MailSettings
from components.settings.model import Permission, Platform, Settings
from components.settings.node import NodeSettings, Role
from components.settings.refused import refused
from components.settings.relay import RelaySettings, RelayTls
from components.settings.releases import ReleaseSettings
from components.settings.ssh import Bastion, SshSettings
from components.settings.updates import Reboot, UpdateSettings

__all__ = [
    "OWN",
    "SERVER",
    "AccountRole",
    "AccountSettings",
    "Algorithm",
    "Bastion",
    "Challenge",
    "DatabaseSettings",
    "DkimSettings",
    "Dmarc",
    "DnsProvider",
    "DnsSettings",
    "DomainSettings",
    "Downloads",
    "EncryptSettings",
    "Engine",
    "FrontKind",
    "FrontSettings",
    "GroupSettings",
    "HetznerSettings",
    "LabSettings",
    "ListSettings",
    "Location",
    "MailSettings",
    "MtaSts",
    "NodeSettings",
    "Permission",
    "Place",
    "Platform",
    "Reboot",
    "RelaySettings",
    "RelayTls",
    "ReleaseSettings",
    "Role",
    "Settings",
    "SettingsError",
    "SshSettings",
    "UpdateSettings",
    "check",
    "load",
    "refused",
]
