"""Mail that is written and sent by JMAP (RFC 8621)."""

from lib.stalwart.jmap import SENDING, Client
from lib.verify.check import Wrong


def send(client: Client, sender: str, recipient: str, subject: str) -> None:
    """Write a draft and submit it, as a mail program does.

    Raises:
        Wrong: the account has no identity or no folder for drafts.
        Refused: the server does not do a part of it.
    """
    account = client.session()["primaryAccounts"]["urn:ietf:params:jmap:mail"]
    identities, folders = client.call(
        ("Identity/get", {"ids": None}),
        ("Mailbox/get", {"ids": None, "properties": ["role"]}),
        account=account,
        using=SENDING,
    )
    identity = next((item["id"] for item in identities["list"] if item["email"] == sender), None)
    drafts = next((item["id"] for item in folders["list"] if item["role"] == "drafts"), None)
    if identity is None or drafts is None:
        raise Wrong(f"{sender} has no {'identity' if identity is None else 'folder for drafts'} in JMAP")
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
