"""How older mail programs are told to set themselves up: Mozilla's form and Microsoft's.

Every service of the settings is told of, with the port of TLS; the other port too where the service says so.
Source: crates/common/src/network/autoconfig of 0.16.19.
"""

import xml.etree.ElementTree as ET
from typing import TYPE_CHECKING
from urllib.parse import parse_qs

if TYPE_CHECKING:
    from .node import Node

# Service -> the port without TLS from the first byte, and that with it.
_PORTS = {"imap": (143, 993), "pop3": (110, 995), "smtp": (587, 465)}
_HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n'


def mozilla(node: "Node", query: str) -> str:
    """The answer to /mail/config-v1.1.xml."""
    default = node.in_force.get("defaultHostname") or node.hostname
    address = parse_qs(query).get("emailaddress", [""])[0].lower()
    domain = address.rpartition("@")[2] or default
    address = address if "@" in address else "%EMAILADDRESS%"
    servers = ""
    for service, host, port, is_tls in _offered(node):
        tag = "outgoingServer" if service == "smtp" else "incomingServer"
        servers += (
            f'\t\t<{tag} type="{service}">\n\t\t\t<hostname>{host}</hostname>\n\t\t\t<port>{port}</port>\n'
            f"\t\t\t<socketType>{'SSL' if is_tls else 'STARTTLS'}</socketType>\n\t\t\t<username>{address}</username>\n"
            f"\t\t\t<authentication>password-cleartext</authentication>\n\t\t</{tag}>\n"
        )
    return (
        f'{_HEAD}<clientConfig version="1.1">\n\t<emailProvider id="{domain}">\n\t\t<domain>{domain}</domain>\n'
        f"\t\t<displayName>{address}</displayName>\n\t\t<displayShortName>{domain}</displayShortName>\n{servers}"
        f"\t</emailProvider>\n</clientConfig>\n"
    )


def microsoft(node: "Node", body: bytes) -> str:
    """The answer to /autodiscover/autodiscover.xml.

    Raises:
        ValueError: the question names nobody.
    """
    try:
        found = [part.text or "" for part in ET.fromstring(body).iter() if part.tag.endswith("EMailAddress")]  # noqa: S314  # our own question
    except ET.ParseError:
        found = []
    if not found or "@" not in found[0]:
        raise ValueError("Failed to parse autodiscover request")
    address = found[0].strip().lower()
    protocols = "".join(
        f"\t\t\t<Protocol>\n\t\t\t\t<Type>{service.upper()}</Type>\n\t\t\t\t<Server>{host}</Server>\n"
        f"\t\t\t\t<Port>{port}</Port>\n\t\t\t\t<LoginName>{address}</LoginName>\n"
        f"\t\t\t\t<SSL>{'on' if is_tls else 'off'}</SSL>\n\t\t\t</Protocol>\n"
        for service, host, port, is_tls in _offered(node)
    )
    return (
        f'{_HEAD}<Autodiscover xmlns="http://schemas.microsoft.com/exchange/autodiscover/responseschema/2006">\n'
        '\t<Response xmlns="http://schemas.microsoft.com/exchange/autodiscover/outlook/responseschema/2006a">\n'
        f"\t\t<User>\n\t\t\t<DisplayName>{address}</DisplayName>\n\t\t</User>\n\t\t<Account>\n"
        f"\t\t\t<AccountType>email</AccountType>\n\t\t\t<Action>settings</Action>\n{protocols}"
        "\t\t</Account>\n\t</Response>\n</Autodiscover>\n"
    )


def _offered(node: "Node") -> list[tuple[str, str, int, bool]]:
    """Service, host, port, and whether TLS comes first there."""
    default = node.in_force.get("defaultHostname") or node.hostname
    found = []
    for service, ports in _PORTS.items():
        offered = node.in_force["services"].get(service)
        for port, is_tls in zip(ports, (False, True), strict=True):
            if offered and (is_tls or offered["cleartext"]):
                found.append((service, offered["hostname"] or default, port, is_tls))
    return found
