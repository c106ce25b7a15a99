"""JMAP for people (RFC 8621): folders, identities, mails that are written, and mails that are sent."""

import re
from email import message_from_bytes, policy
from email.message import EmailMessage
from email.utils import formatdate, getaddresses, make_msgid
from typing import Any

from .mailstore import Mail
from .node import Node
from .refused import Refused
from .store import Transaction

Answer = dict[str, Any]
Responses = list[tuple[str, Answer]]
METHODS = re.compile(r"(Email|Mailbox|Identity|EmailSubmission)/(get|query|set)")
_MOST = 500


def respond(node: Node, account: Answer, method: str, arguments: Answer, created: dict[str, str]) -> Responses:
    """The answer to one call; a second one where it has something done in its wake.

    Args:
        created: `#reference` -> id, of the whole request.

    Raises:
        Refused: the call as a whole.
    """
    owner = account["id"]
    if arguments.get("accountId") is None:
        raise Refused("invalidArguments", description='The "accountId" property is required.')
    match method:
        case "Email/query":
            mails = sorted(node.mail.all(owner), key=lambda mail: mail.received, reverse=True)
            return [
                (method, {"ids": [f"m{mail.uid}" for mail in mails[: arguments.get("limit") or _MOST]], "position": 0})
            ]
        case "Email/get":
            mails = [mail for mail in node.mail.all(owner) if f"m{mail.uid}" in (arguments["ids"] or [])]
            return [(method, {"list": [_shown(mail) for mail in mails], "notFound": []})]
        case "Email/set":
            return [(method, _written(node, owner, arguments, created))]
        case "Mailbox/get":
            folders = [{"id": f.id, "name": f.name, "role": f.role} for f in node.mail.folders(owner)]
            return [(method, {"list": folders if _sees_first(node, owner) else [], "notFound": []})]
        case "Identity/get":
            address = _address(node, account)
            known = (
                [{"id": "b", "email": address, "name": account["name"]}] if address and _sees_first(node, owner) else []
            )
            return [(method, {"list": known, "notFound": []})]
        case "EmailSubmission/set":
            return _sent(node, account, arguments, created)
    raise Refused("unknownMethod", description=method)


def _shown(mail: Mail) -> Answer:
    return {"id": f"m{mail.uid}", "subject": mail.subject, "size": len(mail.raw), "mailboxIds": {mail.folder: True}}


def _address(node: Node, account: Answer) -> str:
    domain = node.registry.all("Domain", cached=True).get(account.get("domainId", ""))
    return f"{account['name']}@{domain['name']}" if domain else ""


def _sees_first(node: Node, account: str) -> bool:
    """Identities and folders are made at the first question, by whichever node is asked. Another one may know that
    they were made, and not see them yet.
    """
    version = node.sight.version()

    def body(transaction: Transaction) -> tuple[int, float]:
        key = b"identity/" + account.encode()
        if found := transaction.get(key):
            maker, _, moment = found.decode().partition(" ")
            return int(maker), float(moment)
        node.sight.wrote()
        moment = str(node.sight.version())
        transaction.set(key, f"{node.node_id} {moment}".encode())
        return node.node_id, float(moment)

    maker, moment = node.store.transact(body)
    return maker == node.node_id or moment <= version


def _written(node: Node, account: str, arguments: Answer, created: dict[str, str]) -> Answer:
    answer: Answer = {}
    for reference, value in (arguments.get("create") or {}).items():
        folders = [folder for folder, is_in in (value.get("mailboxIds") or {}).items() if is_in]
        known = {folder.id for folder in node.mail.folders(account)}
        if not folders or set(folders) - known:
            wrong = {"type": "invalidProperties", "properties": ["mailboxIds"]}
            answer.setdefault("notCreated", {})[reference] = wrong
            continue
        uid = node.filing.store(account, _composed(value), folders[0])
        created[f"#{reference}"] = f"m{uid}"
        answer.setdefault("created", {})[reference] = {"id": f"m{uid}", "blobId": f"c{uid}"}
    for identity in arguments.get("destroy") or []:
        if not any(f"m{mail.uid}" == identity for mail in node.mail.all(account)):
            answer.setdefault("notDestroyed", {})[identity] = {"type": "notFound"}
            continue
        node.mail.remove(account, int(identity.removeprefix("m")))
        node.filing.gone(account)
        answer.setdefault("destroyed", []).append(identity)
    return answer


def _composed(value: Answer) -> bytes:
    mail = EmailMessage()
    for header, people in (("From", "from"), ("To", "to"), ("Cc", "cc")):
        if listed := value.get(people):
            mail[header] = ", ".join(person["email"] for person in listed)
    mail["Subject"] = value.get("subject") or ""
    mail["Date"] = formatdate()
    mail["Message-ID"] = make_msgid(domain=value["from"][0]["email"].rpartition("@")[2])
    part = (value.get("bodyStructure") or {}).get("partId", "")
    mail.set_content((value.get("bodyValues") or {}).get(part, {}).get("value", ""))
    return mail.as_bytes().replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")


def _sent(node: Node, account: Answer, arguments: Answer, created: dict[str, str]) -> Responses:
    answer: Answer = {}
    gone = []
    mails = {f"m{mail.uid}": mail for mail in node.mail.all(account["id"])}
    for reference, value in (arguments.get("create") or {}).items():
        identity = str(value.get("emailId"))
        mail = mails.get(created.get(identity, identity))
        address = _address(node, account)
        if mail is None or value.get("identityId") != "b" or not address:
            wrong = {"type": "invalidProperties", "properties": ["emailId" if mail is None else "identityId"]}
            answer.setdefault("notCreated", {})[reference] = wrong
            continue
        node.post.take(address, _recipients(mail), mail.raw, ("127.0.0.1", 0))
        answer.setdefault("created", {})[reference] = {"id": f"s{mail.uid}"}
        if f"#{reference}" in (arguments.get("onSuccessDestroyEmail") or []):
            gone.append(f"m{mail.uid}")
    responses = [("EmailSubmission/set", answer)]
    if gone:
        responses.append(("Email/set", _written(node, account["id"], {"destroy": gone}, created)))
    return responses


def _recipients(mail: Mail) -> list[str]:
    message = message_from_bytes(mail.raw, policy=policy.default)
    headers = [str(value) for name in ("To", "Cc", "Bcc") for value in message.get_all(name, [])]
    return [address for _, address in getaddresses(headers)]
