"""The public keys of people that the mail server keeps, and which of them are the stack's."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from lib.console import Failed
from lib.stalwart.jmap import MOST_CALLS, Call, Client, Refused
from lib.stalwart.listing import every

# A person sees it in the web page. Who gives the key another description makes it the own one.
MARK = "From the stack file"


@dataclass(frozen=True)
class PublicKey:
    """One key."""

    id: str
    account: str
    """Id of the account that it is kept for."""

    text: str
    is_ours: bool


def read(client: Client) -> dict[str, PublicKey]:
    """Id -> key, of all accounts."""
    found = every(client, "PublicKey", ("id", "accountId", "description", "key"))
    return {
        item["id"]: PublicKey(item["id"], item["accountId"], item["key"].strip(), item["description"] == MARK)
        for item in found
    }


def create(client: Client, wanted: Mapping[str, tuple[str, str | None]], names: Mapping[str, str]) -> dict[str, str]:
    """Have keys kept for accounts: id of each account -> id of its key.

    An account's key is never changed in its place: the server goes on with the former one, which it has in its cache.

    Args:
        wanted: id of each account -> its key, and when that ends.
        names: id of each account -> its address.

    Raises:
        Failed: the server's reason.
    """
    made: dict[str, str] = {}
    accounts = [*wanted]
    for start in range(0, len(accounts), MOST_CALLS):
        part = accounts[start : start + MOST_CALLS]
        try:
            answers = client.call(*(_creation(account, *wanted[account]) for account in part))
        except Refused as refusal:
            raise Failed(f"the mail server refused the key of account {names[refusal.reference]}: {refusal}") from None
        made |= {account: answer["created"][account]["id"] for account, answer in zip(part, answers, strict=True)}
    return made


def _creation(account: str, text: str, until: str | None) -> Call:
    value = {"description": MARK, "key": text, "expiresAt": until}
    return "x:PublicKey/set", {"accountId": account, "create": {account: value}}


def unused(keys: Iterable[PublicKey], used: Iterable[str]) -> list[PublicKey]:
    """The stack's keys that no account encrypts with any more. They open nothing, so nothing is lost with them."""
    ids = {*used}
    return [key for key in keys if key.is_ours and key.id not in ids]
