"""The stack file, checked once at the edge and handed on as frozen values."""

from components.settings.account import AccountRole, AccountSettings, GroupSettings, ListSettings
from components.settings.dkim import SERVER, DkimSettings
from components.settings.domain import DomainSettings
from components.settings.fields import OWN
from components.settings.front import Dmarc, DnsProvider, DnsSettings, FrontKind, FrontSettings, MtaSts, Place
from components.settings.hetzner import HetznerSettings, Location
from components.settings.loader import SettingsError, check, load
from components.settings.model import (
    Bastion,
    DatabaseSettings,
    Downloads,
    Engine,
    LabSettings,
    MailSettings,
    Permission,
    Platform,
    ReleaseSettings,
    Settings,
    SshSettings,
)
from components.settings.node import NodeSettings, Role
from components.settings.relay import RelaySettings, RelayTls
from components.settings.updates import Reboot, UpdateSettings

__all__ = [
    "OWN",
    "SERVER",
    "AccountRole",
    "AccountSettings",
    "Bastion",
    "DatabaseSettings",
    "DkimSettings",
    "Dmarc",
    "DnsProvider",
    "DnsSettings",
    "DomainSettings",
    "Downloads",
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
]
