"""Domain types of the stack file: each says in its error what is right and shows an example."""

import re
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field
from pydantic_core import PydanticCustomError

_NODE = re.compile(r"[a-z]([a-z0-9-]{0,29}[a-z0-9])?")
_ZONE = re.compile(r"[A-Za-z0-9]([A-Za-z0-9_.-]{0,58}[A-Za-z0-9])?")
_LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
_MAILBOX = re.compile(r"[a-z0-9]([a-z0-9._-]{0,62}[a-z0-9])?")
# The dot-atom of RFC 5321, in lower case, without the plus that sub-addressing keeps for itself.
_LOCAL = re.compile(r"(?=.{1,64}$)[a-z0-9_'&~=-]+(\.[a-z0-9_'&~=-]+)*")
# What the mail server takes as a local part, in lower case: of addresses elsewhere, which may have a plus.
_ANY_LOCAL = re.compile(r"(?=.{1,64}$)[a-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[a-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
_LONGEST_ADDRESS = 254
_TITLE = re.compile(r"[^\x00-\x1f\x7f]{1,200}")
_RELEASE = re.compile(r"\d{1,4}\.\d{1,4}\.\d{1,4}")
_DIGEST = re.compile(r"[0-9a-f]{64}")
_SIZE = re.compile(r"(\d{1,6})\s*(MiB|GiB)")
_HOST_KEY = re.compile(r"(ssh-ed25519|ecdsa-sha2-nistp256) [A-Za-z0-9+/]{20,}={0,2}( .*)?")
_DEVICE = re.compile(r"/dev/[A-Za-z0-9][A-Za-z0-9/._:+-]{0,200}")
_SERVER_TYPE = re.compile(r"[a-z]{2,5}[0-9]{1,3}")
_LABEL_TEXT = re.compile(r"[A-Za-z0-9]([A-Za-z0-9_./-]{0,61}[A-Za-z0-9])?")
_NOTE = re.compile(r"[\x20-\x7e]{0,60}")
_LOGIN = re.compile(r"[\x21-\x7e]{1,128}")
_CLUSTER = re.compile(r"[a-z][a-z0-9_]{0,30}")
_KEY_NAME = re.compile(r"(?=.{1,253}$)[a-z0-9_-]{1,63}(\.[a-z0-9_-]{1,63})*")
_NAME_SERVER = re.compile(r"(?:([0-9.]+)|\[([0-9A-Fa-f:.]+)\]):(\d{1,5})")
_DNS_PORT = 53
_PORTS = range(1, 65536)
_LONGEST_NAME = 253
_LAB_PREFIXES = range(16, 29)
_PRIVATE_PREFIXES = range(8, 29)
# Hetzner's limits of a volume.
_VOLUME_GIB = range(10, 10241)

# Names that no mail server on the Internet may own; Stalwart refuses `.example` (tried on 0.16.18).
_RESERVED = frozenset({"example", "invalid", "localhost", "onion"})


def refusal(kind: str, text: str) -> PydanticCustomError:
    """A mistake with a sentence of ours, to be raised in a validator."""
    # A brace in a message would be taken for a placeholder of pydantic's template.
    return PydanticCustomError(kind, text.replace("{", "(").replace("}", ")"))


def _shaped(pattern: re.Pattern[str], rule: str) -> AfterValidator:
    def check(value: str) -> str:
        if not pattern.fullmatch(value):
            raise refusal("shape", f"{rule}; got {value[:60]!r}")
        return value

    return AfterValidator(check)


def domain_name(value: str) -> str | None:
    """A domain's name in lower case and A-labels, the form in which the mail server stores it; None if it is none."""
    try:
        name = value.strip().rstrip(".").encode("idna").decode().lower()
    except UnicodeError:
        return None
    return name if len(name) <= _LONGEST_NAME and all(_LABEL.fullmatch(label) for label in name.split(".")) else None


def _domain(value: str) -> str:
    name = domain_name(value)
    labels = name.split(".") if name else []
    if name is None or len(labels) == 1:
        raise refusal("domain", f"a domain name has two labels or more, e.g. example.org; got {value[:60]!r}")
    if labels[-1].isdigit():
        raise refusal("domain", f"an address is not a domain name; got {value[:60]!r}")
    if labels[-1] in _RESERVED:
        raise refusal(
            "domain", f".{labels[-1]} is a reserved name that no mail domain can have; for a trial take e.g. mail.test"
        )
    return name


def _address(value: str) -> str:
    """A mail address in the form that the mail server stores: lower case, the domain in A-labels."""
    return _with_domain(value, _LOCAL)


def _recipient(value: str) -> str:
    """A mail address of anybody, in the same form."""
    return _with_domain(value, _ANY_LOCAL)


def _with_domain(value: str, shape: re.Pattern[str]) -> str:
    local, at, domain = value.strip().rpartition("@")
    if not at or not shape.fullmatch(local.lower()):
        raise refusal("address", f"an address is a mailbox and a domain, e.g. anna@example.org; got {value[:60]!r}")
    found = f"{local.lower()}@{_domain(domain)}"
    if len(found) > _LONGEST_ADDRESS:
        raise refusal("address", f"an address has at most {_LONGEST_ADDRESS} letters; got {value[:60]!r}")
    return found


def mail_address(value: str) -> str | None:
    """An address in the form that the mail server stores; None if it is none."""
    try:
        return _address(value)
    except PydanticCustomError:
        return None


def _accounts_file(value: str | None) -> str | None:
    """Empty is what an unset key of the project file looks like."""
    if value and not value.endswith((".csv", ".json")):
        raise refusal("file", f"a CSV or JSON file, e.g. people.csv; got {value[:60]!r}")
    return value or None


def _removable(value: str) -> str:
    return _address(value) if "@" in value else _domain(value)


def _in_mebibytes(size: re.Match[str]) -> int:
    return int(size[1]) * (1024 if size[2] == "GiB" else 1)


def _room(value: object) -> object:
    if value is None or value == "none":
        return None
    found = _SIZE.fullmatch(value) if isinstance(value, str) else None
    if not found or not int(found[1]):
        raise refusal(
            "size",
            f"room is a whole number of MiB or GiB and at least 1MiB, e.g. 5GiB, or none; got {str(value)[:60]!r}",
        )
    return _in_mebibytes(found)


def _reports(value: str) -> str:
    """A mailbox of each domain, or one address for all."""
    if "@" in value:
        return _address(value)
    if not _MAILBOX.fullmatch(value):
        raise refusal(
            "reports", f"a mailbox, e.g. postmaster, or an address, e.g. dmarc@example.org; got {value[:60]!r}"
        )
    return value


def _mebibytes(value: object) -> object:
    if value == "auto":
        return None
    found = _SIZE.fullmatch(value) if isinstance(value, str) else None
    if not found:
        raise refusal("size", f"a size is a whole number of MiB or GiB, e.g. 4GiB, or auto; got {str(value)[:60]!r}")
    return _in_mebibytes(found)


def _gibibytes(value: object) -> object:
    if value is None or value == "none":
        return None
    found = _SIZE.fullmatch(value) if isinstance(value, str) else None
    if not found or found[2] != "GiB" or int(found[1]) not in _VOLUME_GIB:
        raise refusal("size", f"a volume has 10GiB to 10240GiB, or none; got {str(value)[:60]!r}")
    return int(found[1])


def _wanted(value: object) -> object:
    return None if value == "auto" else value


def _mirror(value: str | None) -> str | None:
    """Empty is what an unset key of the project file looks like."""
    if not value:
        return None
    if not value.startswith(("http://", "https://", "/", "./", "../", "~/")):
        raise refusal(
            "mirror", f"a folder or a URL, e.g. /srv/mirror or https://mirror.example.org; got {value[:60]!r}"
        )
    return value


# The certificate settings that stand for the ACME directory of a known authority.
AUTHORITIES = {
    "letsencrypt": "https://acme-v02.api.letsencrypt.org/directory",
    "letsencrypt_staging": "https://acme-staging-v02.api.letsencrypt.org/directory",
}
PRIVATE = "private"
OWN = "own"


def _certificate(value: str) -> str:
    if value not in {PRIVATE, OWN, *AUTHORITIES} and not value.startswith("https://"):
        known = ", ".join([PRIVATE, OWN, *AUTHORITIES])
        raise refusal("certificate", f"{known}, or the https URL of an ACME directory; got {value[:60]!r}")
    return value


def _release(value: str) -> tuple[int, ...]:
    if not _RELEASE.fullmatch(value):
        raise refusal("release", f"a release is three numbers, e.g. 7.4.6; got {value[:60]!r}")
    return tuple(int(part) for part in value.split("."))


def release_numbers(value: str) -> tuple[int, ...]:
    """The numbers of a release: `7.4.6` -> (7, 4, 6)."""
    return _release(value)


def _checked_release(value: str) -> str:
    _release(value)
    return value


def _text(value: object) -> object:
    """Numbers are not taken for addresses: `network: 5` is a mistake, not 0.0.0.5/32."""
    if isinstance(value, bool | int | float):
        raise refusal("address", f"must be an IPv4 address or network as text, e.g. 10.0.0.11; got {value}")
    return value


def _unicast(value: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    if value.is_loopback or value.is_multicast or value.is_unspecified or value.is_reserved:
        raise refusal("address", f"the other nodes must reach it; {value} cannot be a node's address")
    return value


def _private_network(value: IPv4Network) -> IPv4Network:
    if not value.is_private or value.prefixlen not in _PRIVATE_PREFIXES:
        raise refusal("network", f"a private network of 8 to 28 bits, e.g. 10.70.0.0/16; got {value}")
    return value


def _allowed_network(value: IPv4Network | IPv6Network) -> IPv4Network | IPv6Network:
    if value.prefixlen == 0:
        raise refusal("network", f"{value} is the whole world; name the networks you work from, e.g. 203.0.113.7/32")
    return value


def _lab_network(value: IPv4Network) -> IPv4Network:
    if not value.is_private or value.prefixlen not in _LAB_PREFIXES:
        raise refusal("network", f"a private network of 16 to 28 bits, e.g. 10.77.0.0/24; got {value}")
    return value


def name_server(text: str) -> tuple[str, int]:
    """Address and port of `203.0.113.53`, `203.0.113.53:5353`, `2001:db8::53` or `[2001:db8::53]:5353`.

    Raises:
        ValueError: it is something else.
    """
    found = _NAME_SERVER.fullmatch(text)
    address, port = (found[1] or found[2], found[3]) if found else (text, None)
    ip_address(address)
    number = int(port or _DNS_PORT)
    if number not in _PORTS:
        raise ValueError(text)
    return address, number


def _name_server(value: str) -> str:
    try:
        name_server(value)
    except ValueError:
        raise refusal(
            "name server", f"the address of a name server, e.g. 203.0.113.53 or 203.0.113.53:5353; got {value[:60]!r}"
        ) from None
    return value


NodeName = Annotated[
    str, _shaped(_NODE, "a node's name is 1 to 31 lower-case letters, digits and hyphens, a letter first, e.g. mx1")
]
ZoneName = Annotated[
    str, _shaped(_ZONE, "a zone's name is 1 to 60 letters, digits, dots, hyphens and underscores, e.g. fsn1")
]
ClusterName = Annotated[
    str, _shaped(_CLUSTER, "a cluster's name is 1 to 31 lower-case letters, digits and underscores, e.g. mail")
]
Mailbox = Annotated[str, _shaped(_MAILBOX, "the part of an address before the @, in lower case, e.g. admin")]
Note = Annotated[str, _shaped(_NOTE, "a note is up to 60 letters, digits, blanks and marks of ASCII, e.g. 2026-11-25")]
Login = Annotated[str, _shaped(_LOGIN, "a login is up to 128 letters, digits and marks of ASCII without blanks")]
Domain = Annotated[str, AfterValidator(_domain)]
Address = Annotated[str, AfterValidator(_address)]
Reports = Annotated[str, AfterValidator(_reports)]
Recipient = Annotated[str, AfterValidator(_recipient)]
AccountsFile = Annotated[str | None, AfterValidator(_accounts_file)]
Removable = Annotated[str, AfterValidator(_removable)]
Title = Annotated[str, _shaped(_TITLE, "a name is 1 to 200 letters in one line, e.g. Anna Example")]
KeyName = Annotated[
    str, _shaped(_KEY_NAME, "a key's name is lower-case letters, digits, dots, hyphens and underscores, e.g. mail-key")
]
NameServer = Annotated[str, BeforeValidator(_text), AfterValidator(_name_server)]
Release = Annotated[str, AfterValidator(_checked_release)]
Digest = Annotated[str, _shaped(_DIGEST, "a SHA-256 digest is 64 hexadecimal digits in lower case")]
HostKey = Annotated[
    str, _shaped(_HOST_KEY, "a host key is one line of ssh-keyscan without the host, e.g. ssh-ed25519 AAAA...")
]
Mebibytes = Annotated[int | None, BeforeValidator(_mebibytes)]
Room = Annotated[int | None, BeforeValidator(_room)]
Wanted = Annotated[Annotated[int, Field(ge=0, le=2)] | None, BeforeValidator(_wanted)]
CertificateSource = Annotated[str, AfterValidator(_certificate)]
Mirror = Annotated[str | None, AfterValidator(_mirror)]
NodeAddress = Annotated[IPv4Address, BeforeValidator(_text), AfterValidator(_unicast)]
PublicAddress = Annotated[IPv4Address | IPv6Address, BeforeValidator(_text), AfterValidator(_unicast)]
LabNetwork = Annotated[IPv4Network, BeforeValidator(_text), AfterValidator(_lab_network)]
PrivateNetwork = Annotated[IPv4Network, BeforeValidator(_text), AfterValidator(_private_network)]
AllowedNetwork = Annotated[IPv4Network | IPv6Network, BeforeValidator(_text), AfterValidator(_allowed_network)]
Gibibytes = Annotated[int | None, BeforeValidator(_gibibytes)]
BlockDevice = Annotated[
    str, _shaped(_DEVICE, "a disk is named by its path, best one that lasts, e.g. /dev/disk/by-id/scsi-0X_disk-1")
]
ServerType = Annotated[
    str, _shaped(_SERVER_TYPE, "a server type is Hetzner's name of one, letters and a number, e.g. cx33 or cax21")
]
Label = Annotated[str, _shaped(_LABEL_TEXT, "a label is 1 to 63 letters, digits, hyphens, dots and underscores")]
