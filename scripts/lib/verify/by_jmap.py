"""Mail that is written and sent by JMAP (RFC 8621)."""

import time

from lib.console import POLL_SECONDS
from lib.stalwart.jmap import SENDING, Client
from lib.verify.check import Wrong

_SEEN_SECONDS = 20


def send(client: Client, sender: str, recipient: str, subject: str) -> None:
    """Write a draft and submit it, as a mail program does.

    Raises:
        Wrong: the account has no identity or no folder for drafts.
        Refused: the server does not do a part of it.
    """
    account = client.session()["primaryAccounts"]["urn:ietf:params:jmap:mail"]
    identity, drafts = _prepared(client, account, sender)
    draft = {
        "mailboxIds": {drafts: True},
        "from": [{"email": sender}],
        "to": [{"email": recipient}],
        "subject": subject,
        "bodyStructure": {"type": "text/plain", "partId": "1"},
        "bodyValues": {"1": {"value": "Sent by the verification of stalwart-cluster.\n"}},
    }
    client.call(
        ("Email/set", {"create": {"draft": draft}}),
        (
            "EmailSubmission/set",
            {"create": {"sent": {"emailId": "#draft", "identityId": identity}}, "onSuccessDestroyEmail": ["#sent"]},
        ),
        account=account,
        using=SENDING,
    )


def _prepared(client: Client, account: str, sender: str) -> tuple[str, str]:
    """The ids of the sender's identity and of the folder for drafts.

    Both are made when they are first asked for, on whichever node. Another one reads at a version of the database that
    is up to four seconds old: it may know that they were made and not see them yet.
    """
    end = time.monotonic() + _SEEN_SECONDS
    while True:
        identities, folders = client.call(
            ("Identity/get", {"ids": None}),
            ("Mailbox/get", {"ids": None, "properties": ["role"]}),
            account=account,
            using=SENDING,
        )
        identity = next((str(item["id"]) for item in identities["list"] if item["email"] == sender), None)
        drafts = next((str(item["id"]) for item in folders["list"] if item["role"] == "drafts"), None)
        if identity and drafts:
            return identity, drafts
        if time.monotonic() > end:
            raise Wrong(f"{sender} has no {'folder for drafts' if identity else 'identity'} in JMAP")
        time.sleep(POLL_SECONDS)
