"""JMAP: method calls of one request, back references, and refusals inside answers of 200."""

import os
import re
import socket
from typing import Any

from . import acme, broadcast, certificates, dkim, jmapmail, principals
from .defaults import FIELDS, SINGLETONS
from .jmapmail import Responses
from .node import Node
from .refused import Refused
from .registry import MASK
from .store import StoreUnavailable
from .zone import zone_file

Answer = dict[str, Any]
_MOST_OBJECTS = 500
_MOST_RESULTS = 5000
_NOT_FILTERED = {"DkimSignature": ("selector", "stage", "publicKey")}
# By nothing else are these found. Source: crates/jmap/src/registry/mapping/task.rs.
_TASKS_FILTERED = {"@type", "due", "status"}
_ADMINISTRATION = re.compile(r"x:(\w+)/(get|query|set)")


def session(node: Node, account: Answer) -> Answer:
    """The session object."""
    identity = account["id"]
    host = node.in_force.get("defaultHostname") or node.hostname
    return {
        "capabilities": {
            "urn:ietf:params:jmap:core": {"maxCallsInRequest": 16},
            "urn:ietf:params:jmap:mail": {},
            "urn:ietf:params:jmap:submission": {},
        },
        "accounts": {identity: {"name": account["name"], "isPersonal": True, "isReadOnly": False}},
        "primaryAccounts": {"urn:ietf:params:jmap:mail": identity, "urn:stalwart:jmap": identity},
        "username": account["name"],
        "apiUrl": f"https://{host}/jmap/",
        "state": "1f480733",
    }


def respond(node: Node, account: Answer, request: Answer) -> Answer:
    """The answer to a whole request."""
    answers: list[list[Any]] = []
    created: dict[str, str] = {}
    for method, arguments, tag in request["methodCalls"][:16]:
        try:
            for name, found in _method(node, account, method, _resolved(arguments, answers), created):
                answers.append([name, {"accountId": account["id"], **found}, tag])
        except Refused as refusal:
            answers.append(["error", refusal.detail, tag])
        except StoreUnavailable:
            answers.append(["error", {"type": "serverUnavailable"}, tag])
    return {"methodResponses": answers, "sessionState": "1f480733"}


def _method(node: Node, account: Answer, method: str, arguments: Answer, created: dict[str, str]) -> Responses:
    if jmapmail.METHODS.fullmatch(method):
        return jmapmail.respond(node, account, method, arguments, created)
    return [(method, _administered(node, account, method, arguments, created))]


def _administered(node: Node, account: Answer, method: str, arguments: Answer, created: dict[str, str]) -> Answer:
    found = _ADMINISTRATION.fullmatch(method)
    if not found or (found[1] not in FIELDS and found[1] != "Action"):
        raise Refused("unknownMethod", description=method)
    if account["roles"].get("@type") != "Admin":
        raise Refused("forbidden", description="You are not authorized to perform this action")
    name, verb = found[1], found[2]
    if name == "Action":
        return _action(node, arguments)
    if verb == "set":
        if name == "PublicKey":
            # A key is kept for the account that the request is about, whoever makes it.
            owner = {"accountId": arguments.get("accountId") or account["id"]}
            makes = {reference: {**value, **owner} for reference, value in (arguments.get("create") or {}).items()}
            arguments = {**arguments, "create": makes}
        return _set(node, name, arguments, created)
    objects = _objects(node, name)
    if verb == "query":
        wanted = arguments.get("filter") or {}
        for key in wanted:
            if key in _NOT_FILTERED.get(name, ()):
                text = f"Filter on property {key} is not supported or invalid"
                raise Refused("unsupportedFilter", description=text)
        if name == "Task" and (unknown := set(wanted) - _TASKS_FILTERED):
            raise Refused("unsupportedFilter", description=min(unknown))
        found_ids = [i for i, value in objects.items() if all(value.get(key) == part for key, part in wanted.items())]
        start = arguments.get("position") or 0
        page = found_ids[start : start + min(arguments.get("limit") or _MOST_RESULTS, _MOST_RESULTS)]
        answer = {"queryState": "n", "canCalculateChanges": True, "position": start, "ids": page}
        return answer | ({"total": len(found_ids)} if arguments.get("calculateTotal") else {})
    ids = arguments.get("ids")
    if len(ids or ()) > _MOST_OBJECTS:
        raise Refused("requestTooLarge", description="The number of ids requested by the client exceeds the maximum")
    if ids is None and name in SINGLETONS and not node.registry.is_written(name):
        return {"list": [], "notFound": []}
    properties = arguments.get("properties")
    if name == "Account" and "usedDiskQuota" in (properties or ("usedDiskQuota",)):
        for i in objects if ids is None else {*ids} & {*objects}:
            objects[i]["usedDiskQuota"] = sum(len(mail.raw) for mail in node.mail.all(i))
    listed = [
        {"id": i, **{key: part for key, part in value.items() if properties is None or key in properties}}
        for i, value in objects.items()
        if ids is None or i in ids
    ]
    # A question for all is cut without a word.
    return {"list": listed[:_MOST_OBJECTS], "notFound": [i for i in ids or [] if i not in objects]}


def _objects(node: Node, name: str) -> dict[str, Answer]:
    if name == "ClusterNode":
        return {lease["id"]: lease for lease in node.leases()}
    objects = node.registry.all(name, cached=name in {"Domain", "Account"})
    if name == "Domain":
        for identity, domain in objects.items():
            domain["dnsZoneFile"] = zone_file(node, identity, domain["name"])
    if name == "MtaRoute":
        for value in objects.values():
            if "secret" in value.get("authSecret", {}):
                value["authSecret"] = {**value["authSecret"], "secret": MASK}
    if name == "DkimSignature":
        objects = {identity: dkim.masked(value, MASK) for identity, value in objects.items()}
    if name in principals.TYPES:
        names = {identity: domain["name"] for identity, domain in node.registry.all("Domain", cached=True).items()}
        objects = {identity: principals.shown(value, names, MASK) for identity, value in objects.items()}
    if name == "DnsServer":
        objects = {identity: acme.masked(value, MASK) for identity, value in objects.items()}
    if name == "AcmeProvider":
        objects = {identity: acme.account_shown(value, MASK) for identity, value in objects.items()}
    if name == "Task":
        objects = {identity: acme.shown(value) for identity, value in objects.items()}
    if name == "Certificate":
        objects = {identity: certificates.masked(value, MASK) for identity, value in objects.items()}
    return objects


def _set(node: Node, name: str, arguments: Answer, created: dict[str, str]) -> Answer:
    if sum(len(arguments.get(verb) or ()) for verb in ("create", "update", "destroy")) > _MOST_OBJECTS:
        raise Refused("requestTooLarge", description="The number of objects in a set exceeds the maximum")
    answer: Answer = {}
    for reference, value in (arguments.get("create") or {}).items():
        try:
            identity = node.registry.create(name, _referenced(value, created))
        except Refused as refusal:
            answer.setdefault("notCreated", {})[reference] = refusal.detail
        else:
            created[f"#{reference}"] = identity
            answer.setdefault("created", {})[reference] = {"id": identity}
    for identity, patch in (arguments.get("update") or {}).items():
        try:
            if name in SINGLETONS and identity != "singleton":
                raise Refused("notFound")
            if name == "QueuedMessage":
                _postpone(node, identity, patch)
            else:
                node.registry.update(name, identity, _referenced(patch, created))
        except Refused as refusal:
            answer.setdefault("notUpdated", {})[identity] = refusal.detail
        else:
            answer.setdefault("updated", {})[identity] = None
    for identity in arguments.get("destroy") or []:
        try:
            _destroy(node, name, identity)
        except Refused as refusal:
            answer.setdefault("notDestroyed", {})[identity] = refusal.detail
        else:
            answer.setdefault("destroyed", []).append(identity)
    node.tell((broadcast.ALL_CACHES,))
    return answer


def _postpone(node: Node, identity: str, patch: Answer) -> None:
    """Of a mail in the queue the time of the next attempt may be set: by this node it is made then."""
    if set(patch) - {"nextRetry"}:
        raise Refused("invalidPatch", description="Invalid property", properties=sorted(set(patch) - {"nextRetry"}))
    if not node.post.spool.postpone(identity, patch["nextRetry"]):
        raise Refused("notFound")
    node.post.wake()


def _destroy(node: Node, name: str, identity: str) -> None:
    if name == "QueuedMessage":
        if not node.post.spool.cancel(identity):
            raise Refused("notFound")
        return
    node.registry.destroy(name, identity)
    if name == "Account":
        node.mail.forget(identity)
        for key, value in node.registry.all("PublicKey").items():
            if value["accountId"] == identity:
                node.registry.destroy("PublicKey", key)


def _action(node: Node, arguments: Answer) -> Answer:
    answer: Answer = {}
    for reference, value in (arguments.get("create") or {}).items():
        pyzor = node.registry.all("SpamPyzor")["singleton"]
        if value["@type"] == "ReloadSettings" and pyzor["enable"] and not _resolves(pyzor["host"]):
            answer.setdefault("notCreated", {})[reference] = {
                "type": "validationFailed",
                "description": "Invalid address: failed to lookup address information: Name or service not known",
                "objectId": {"object": "SpamPyzor", "id": "singleton"},
            }
            continue
        if value["@type"] == "ReloadSettings" and (route := _secret_missing(node)):
            answer.setdefault("notCreated", {})[reference] = route
            continue
        if value["@type"] == "ReloadSettings":
            node.reload()
            node.tell((broadcast.RELOAD, 0))
        if value["@type"] == "ReloadTlsCertificates":
            node.load_certificates()
            node.tell((broadcast.RELOAD, broadcast.CERTIFICATE))
        answer.setdefault("created", {})[reference] = {"id": "bvqjvfl"}
    return answer


def _secret_missing(node: Node) -> Answer | None:
    """Why a reload cannot put a route in force: this very process must have its password, or nothing is reloaded."""
    for identity, route in node.registry.all("MtaRoute").items():
        variable = route.get("authSecret", {}).get("variableName")
        if variable and not os.environ.get(variable):
            return {
                "type": "validationFailed",
                "description": f"Environment variable '{variable}' not found",
                "objectId": {"object": "MtaRoute", "id": identity},
            }
    return None


def _resolves(host: str) -> bool:
    try:
        socket.getaddrinfo(host, None)
    except OSError:
        return False
    return True


def _referenced(value: Any, created: dict[str, str]) -> Any:
    """`#d` is the object that this request made under d."""
    if isinstance(value, dict):
        return {key: _referenced(part, created) for key, part in value.items()}
    return created.get(value, value) if isinstance(value, str) and value.startswith("#") else value


def _resolved(arguments: Answer, answers: list[list[Any]]) -> Answer:
    """`#ids` takes the ids of an earlier answer."""
    resolved = {}
    for key, value in arguments.items():
        if key.startswith("#") and isinstance(value, dict):
            found = next(answer[1] for answer in answers if answer[2] == value["resultOf"])
            resolved[key[1:]] = found[value["path"].lstrip("/")]
        else:
            resolved[key] = value
    return resolved
