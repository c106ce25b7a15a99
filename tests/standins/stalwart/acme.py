"""How the real server comes by certificates of an authority: accounts, who takes records, and a task for each domain.

No authority is asked here, and no name server. Source: crates/jmap/src/registry/mapping and crates/services of 0.16.19,
and what a server built from it answered.
"""

import base64
import binascii
import calendar
import hashlib
import json
import time
from collections.abc import Callable, Mapping
from ipaddress import ip_address
from typing import Any

from . import certificates
from .refused import Refused
from .store import Store, Transaction

Object = dict[str, Any]
SET_BY_SERVER = ("accountKey", "accountUri", "description")
CHALLENGES = ("TlsAlpn01", "Http01", "Dns01", "DnsPersist01")
PROTOCOLS = ("udp", "tcp")
ALGORITHMS = ("hmac-sha512", "hmac-sha384", "hmac-sha256", "hmac-sha224", "hmac-sha1", "hmac-md5")

_AUTHORITY = "STAND-IN authority"
_CLOCK = "%Y-%m-%dT%H:%M:%SZ"
_TASKS = b"object/Task/"
_RETRY_SECONDS = 60
# Two thirds of what a certificate lasts here.
_RENEWED_AFTER_SECONDS = 60 * 86400
_NO_SERVER = "Invalid request: ACME provider requires DNS challenge but a DNS provider was not configured"


def authority_says(names: list[str]) -> tuple[str, bool]:
    """Why an authority does not issue, and whether that is for good; empty: it does. For tests to replace."""
    return ("", False) if names else ("Order is invalid: no identifiers", True)


def account(value: Object, before: Object | None, patch: Mapping[str, Any]) -> Object:
    """An account at an authority, made at once, or its refusal.

    Raises:
        Refused: as the real one says it.
    """
    if given := [name for name in SET_BY_SERVER if name in patch]:
        raise Refused("invalidPatch", description="Cannot modify server set property", properties=given)
    if before is not None and "directory" in patch and patch["directory"] != before["directory"]:
        raise Refused("invalidPatch", description="Cannot modify read-only property", properties=["directory"])
    _one_of(value["challengeType"], CHALLENGES, "challengeType")
    if not value["contact"]:
        text = "Failed to create ACME account: Invalid request: At least one contact email is required"
        raise Refused("invalidProperties", description=text, properties=["directory"])
    if before is None:
        contact = {f"mailto:{one.removeprefix('mailto:')}": True for one in value["contact"]}
        number = hashlib.sha256(value["directory"].encode()).hexdigest()[:16]
        uri = f"{value['directory'].rsplit('/', 1)[0]}/my-account/{number}"
        value = {**value, "contact": contact, "accountUri": uri, "description": f"{value['directory']} ({number})"}
    return value


def name_server(value: Object) -> Object:
    """Who takes records, or its refusal.

    Raises:
        Refused: as the real one says it.
    """
    place = "key" if value["@type"] == "Tsig" else "secret"
    secret = value[place].get("secret")
    for name, given in (("keyName", value.get("keyName")), (f"{place}/secret", secret)):
        if given == "":
            raise Refused("invalidPatch", description="Invalid value for property.", properties=[name])
    if value["@type"] != "Tsig":
        return value
    _one_of(value["protocol"], PROTOCOLS, "protocol")
    _one_of(value["tsigAlgorithm"], ALGORITHMS, "tsigAlgorithm")
    try:
        ip_address(value["host"])
    except ValueError:
        raise Refused("invalidPatch", description="Failed to parse IpAddr from string", properties=["host"]) from None
    try:
        base64.b64decode(secret or "", validate=True)
    except binascii.Error:
        text = "Failed to build DNS server: Failed to base64 decode TSIG key: Invalid symbol 32, offset 3."
        raise Refused("invalidProperties", description=text) from None
    return value


def account_shown(value: Object, mask: str) -> Object:
    """An account as it is listed: its key is not, nor what it was made with."""
    return {**{key: part for key, part in value.items() if not key.startswith("eab")}, "accountKey": mask}


def masked(value: Object, mask: str) -> Object:
    """As it is shown: a secret never is."""
    place = "key" if value["@type"] == "Tsig" else "secret"
    return {**value, place: {**value[place], "secret": mask}}


def managed(value: Object, before: Object | None, of: Callable[[str], Mapping[str, Object]]) -> bool:
    """Whether a domain that is written begins to ask for a certificate.

    Args:
        of: the objects of a type, by their ids.

    Raises:
        Refused: it names what is not there, or its challenge needs what it has not.
    """
    records, asked = value["dnsManagement"], value["certificateManagement"]
    by_records, asks = records["@type"] == "Automatic", asked["@type"] == "Automatic"
    if by_records and not records.get("publishRecords", {"mx": True}):
        error = {"type": "MinLength", "property": "publishRecords", "required": 1}
        raise Refused("validationFailed", validationErrors=[error])
    if by_records and records.get("dnsServerId") not in of("DnsServer"):
        raise Refused("invalidForeignKey", objectId={"object": "DnsServer", "id": records.get("dnsServerId")})
    if asks and asked.get("acmeProviderId") not in of("AcmeProvider"):
        text = "ACME provider not found"
        raise Refused("invalidProperties", description=text, properties=["acmeProviderId"])
    # Only then something is done: a change of what is managed already waits for the next time.
    begins = asks and (before is None or before["certificateManagement"]["@type"] != "Automatic")
    if begins and not by_records and of("AcmeProvider")[asked["acmeProviderId"]]["challengeType"] == "Dns01":
        text = "ACME provider requires automatic DNS management"
        raise Refused("invalidProperties", description=text, properties=["acmeProviderId"])
    return begins


def unlinked(name: str, identity: str, domains: Mapping[str, Object]) -> None:
    """See that nothing names an object that goes.

    Raises:
        Refused: a domain does.
    """
    place, key = {
        "DnsServer": ("dnsManagement", "dnsServerId"),
        "AcmeProvider": ("certificateManagement", "acmeProviderId"),
    }[name]
    linked = [{"object": "Domain", "id": i} for i, domain in domains.items() if domain[place].get(key) == identity]
    if linked:
        raise Refused("objectIsLinked", objectId={"object": name, "id": identity}, linkedObjects=linked)


def task(domain: str, due: float) -> Object:
    """What has a domain's certificate asked for at a time."""
    return {
        "@type": "AcmeRenewal",
        "domainId": domain,
        "status": {"@type": "Pending", "createdAt": _written(time.time()), "due": _written(due)},
    }


def shown(value: Object) -> Object:
    """A task as it is listed: when it is due stands outside as well, unless it has failed for good."""
    due = value["status"].get("due")
    return {**value, "due": due} if due else {key: part for key, part in value.items() if key != "due"}


def issue(store: Store, of: Callable[[str], Mapping[str, Object]]) -> list[Object]:
    """What an authority issues for the domains whose time has come. What it does not issue is tried again, or never."""
    objects = {name: of(name) for name in ("Domain", "Certificate", "AcmeProvider")}

    def tried(transaction: Transaction) -> list[list[str]]:
        """The names of each certificate that is issued; another node finds its task moved."""
        issued = []
        for key, text in transaction.get_range(_TASKS):
            found = json.loads(text)
            due = found["status"].get("due")
            if due is None or _read(due) > time.time():
                continue
            domain = objects["Domain"].get(found["domainId"], {})
            names = sorted(domain.get("certificateManagement", {}).get("subjectAlternativeNames") or ())
            reason, for_good = _refused(domain, names, objects)
            if reason:
                after = _failed(found, reason, for_good=for_good)
            else:
                after = task(found["domainId"], time.time() + _RENEWED_AFTER_SECONDS)
                issued.append(names)
            transaction.set(key, json.dumps(after).encode())
        return issued

    return [certificates.signed(_AUTHORITY, names) for names in store.transact(tried)]


def _refused(domain: Object, names: list[str], objects: Mapping[str, Mapping[str, Object]]) -> tuple[str, bool]:
    """Why nothing is issued, and whether nobody tries again."""
    asked = domain.get("certificateManagement", {})
    if asked.get("@type") != "Automatic":
        return "Invalid request: ACME not configured for domain", True
    if any(sorted(held["subjectAlternativeNames"]) == names for held in objects["Certificate"].values()):
        # Whoever issued it.
        return f"Certificate for domain {domain['name']} is still valid; renewal is not due until later", True
    provider = objects["AcmeProvider"][asked["acmeProviderId"]]
    if provider["challengeType"] == "Dns01" and domain["dnsManagement"]["@type"] != "Automatic":
        return _NO_SERVER, True
    return authority_says(names)


def _failed(found: Object, reason: str, *, for_good: bool) -> Object:
    before = found["status"]
    number = int(before.get("attemptNumber", before.get("failedAttemptNumber", 0)))
    now = time.time()
    common = {"createdAt": before["createdAt"], "failureReason": reason}
    if for_good:
        status = {"@type": "Failed", "failedAt": _written(now), "failedAttemptNumber": number, **common}
    else:
        due = _written(now + _RETRY_SECONDS * 2**number)
        status = {"@type": "Retry", "due": due, "attemptNumber": number + 1, **common}
    return {**found, "status": status}


def _one_of(given: object, known: tuple[str, ...], place: str) -> None:
    if given not in known:
        first = "".join(part[:1].upper() + part[1:] for part in known[0].split("-"))
        text = f'Invalid value Str("{given}") for enum type {first}.'
        raise Refused("invalidPatch", description=text, properties=[place])


def _written(moment: float) -> str:
    return time.strftime(_CLOCK, time.gmtime(moment))


def _read(text: str) -> int:
    return calendar.timegm(time.strptime(text, _CLOCK))
