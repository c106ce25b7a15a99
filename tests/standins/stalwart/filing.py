"""A mail for somebody here: through the person's script into folders, and told to all who wait for it."""

from email import message_from_bytes, policy
from typing import TYPE_CHECKING

from . import broadcast
from .encryption.seal import Unsealed
from .mailstore import INBOX
from .registry import decode
from .sieve import language

if TYPE_CHECKING:
    from .node import Node

# Email, EmailDelivery, Mailbox and Thread: what a change of a mail is told as.
_CHANGED = 0b11011


class Filing:
    """What a node delivers."""

    def __init__(self, node: "Node") -> None:
        self._node = node

    def to_address(self, address: str, raw: bytes) -> bool:
        """Deliver to an address; false where nobody here has it. What cannot be stored now waits in the queue."""
        account = self._node.people.recipient(address)
        if account is None:
            return False
        try:
            self.to_account(account, raw)
        except Unsealed as trouble:
            print(f"store.crypto-error: {trouble}", flush=True)
            self._node.post.keep_back(address, raw)
        return True

    def to_account(self, account: str, raw: bytes) -> None:
        """Deliver to an account. All nodes look into the queue when a mail comes in, before it is there to be seen.

        Raises:
            Unsealed: it shall be encrypted and cannot be.
        """
        self._node.tell((broadcast.QUEUE,))
        stored = self._node.sealing.incoming(account, raw)
        for folder in self._folders(account, raw):
            self.store(account, stored, folder)

    def store(self, account: str, raw: bytes, folder: str) -> int:
        """Put a mail into a folder, and say so; its number."""
        mail = self._node.mail.deliver(account, raw, folder)
        self._node.sight.wrote()
        self._node.sight.changed(account)
        number = decode(account)
        self._node.tell((broadcast.EMAIL, number, mail.uid, mail.uid))
        return mail.uid

    def gone(self, account: str) -> None:
        """Say that an account has a mail less."""
        self._node.sight.wrote()
        self._node.sight.changed(account)
        self._node.tell((broadcast.STATE, 0, _CHANGED, decode(account)))

    def _folders(self, account: str, raw: bytes) -> list[str]:
        mail = self._node.mail
        scripts, active = mail.scripts(account)
        if active not in scripts:
            return [INBOX]
        message = message_from_bytes(raw, policy=policy.default)
        filing = language.filed(language.compiled(scripts[active]), message)
        found = [INBOX] if filing.keep else []
        for name, is_made in filing.folders:
            # A folder that is not there and is not to be made: nothing is lost for it.
            folder = mail.folder(account, name, make=is_made)
            found.append(folder.id if folder else INBOX)
        return list(dict.fromkeys(found))
