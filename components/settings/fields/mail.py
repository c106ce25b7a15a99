"""Mail domains and addresses, in the form in which the mail server stores them: lower case, domains in A-labels."""

import re
from typing import Annotated

from pydantic import AfterValidator
from pydantic_core import PydanticCustomError

from components.settings.fields.shape import refusal, shaped

_LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
_LONGEST_NAME = 253
_MAILBOX = r"[a-z0-9]([a-z0-9._-]{0,62}[a-z0-9])?"
# The dot-atom of RFC 5321, in lower case, without the plus that sub-addressing keeps for itself.
_LOCAL = re.compile(r"(?=.{1,64}$)[a-z0-9_'&~=-]+(\.[a-z0-9_'&~=-]+)*")
# What the mail server takes as a local part, in lower case: of addresses elsewhere, which may have a plus.
_ANY_LOCAL = re.compile(r"(?=.{1,64}$)[a-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[a-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
_LONGEST_ADDRESS = 254

# Names that no mail server on the Internet may own; Stalwart refuses `.example` (tried on 0.16.18).
_RESERVED = frozenset({"example", "invalid", "localhost", "onion"})


def domain_name(value: str) -> str | None:
    """A domain's name in the form that the mail server stores; None if it is none."""
    try:
        name = value.strip().rstrip(".").encode("idna").decode().lower()
    except UnicodeError:
        return None
    return name if len(name) <= _LONGEST_NAME and all(_LABEL.fullmatch(label) for label in name.split(".")) else None


def mail_address(value: str) -> str | None:
    """An address in the form that the mail server stores; None if it is none."""
    try:
        return _address(value)
    except PydanticCustomError:
        return None


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
    return _with_domain(value, _LOCAL)


def _recipient(value: str) -> str:
    """An address of anybody."""
    return _with_domain(value, _ANY_LOCAL)


def _with_domain(value: str, shape: re.Pattern[str]) -> str:
    local, at, domain = value.strip().rpartition("@")
    if not at or not shape.fullmatch(local.lower()):
        raise refusal("address", f"an address is a mailbox and a domain, e.g. anna@example.org; got {value[:60]!r}")
    found = f"{local.lower()}@{_domain(domain)}"
    if len(found) > _LONGEST_ADDRESS:
        raise refusal("address", f"an address has at most {_LONGEST_ADDRESS} letters; got {value[:60]!r}")
    return found


def _reports(value: str) -> str:
    """A mailbox of each domain, or one address for all."""
    if "@" in value:
        return _address(value)
    if not re.fullmatch(_MAILBOX, value):
        raise refusal(
            "reports", f"a mailbox, e.g. postmaster, or an address, e.g. dmarc@example.org; got {value[:60]!r}"
        )
    return value


def _removable(value: str) -> str:
    return _address(value) if "@" in value else _domain(value)


Mailbox = Annotated[str, shaped(_MAILBOX, "the part of an address before the @, in lower case, e.g. admin")]
Domain = Annotated[str, AfterValidator(_domain)]
Address = Annotated[str, AfterValidator(_address)]
Recipient = Annotated[str, AfterValidator(_recipient)]
Reports = Annotated[str, AfterValidator(_reports)]
Removable = Annotated[str, AfterValidator(_removable)]
