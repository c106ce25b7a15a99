"""The records that the world needs to find the mail service and to trust its mail; pure, but for who publishes them."""

from components.dns.mta_sts import mta_sts_policy
from components.dns.names import Address, MailNames, Record, RecordType
from components.dns.records import records
from components.dns.zone_file import quoted, zone_file
from components.dns.zones import APEX, OutsideZonesError, by_zone, in_zone

__all__ = [
    "APEX",
    "Address",
    "MailNames",
    "OutsideZonesError",
    "Record",
    "RecordType",
    "by_zone",
    "in_zone",
    "mta_sts_policy",
    "quoted",
    "records",
    "zone_file",
]
