"""The sections of people's accounts, of groups and of mailing lists, and the maps of them."""

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from components.settings.encryption.section import EncryptSettings
from components.settings.fields.mail import Address, Recipient, mail_address
from components.settings.fields.name import Title
from components.settings.fields.shape import once
from components.settings.fields.size import Room
from components.settings.password_hash import PasswordHash
from components.settings.section import Section


class AccountRole(StrEnum):
    """What an account may do beside its own mail."""

    USER = "user"
    ADMIN = "admin"


_NAME = "As people see it, e.g. `Anna Example`. Default: as it is, on a new one none."
_ALIASES = "Other addresses of it, in any domain of the stack."
_QUOTA = "Room for its mail, at least `1MiB`, e.g. `5GiB`. Default: as much as there is."


class AccountSettings(Section):
    """The account of a person or a program. Its address is its login."""

    name: Title | None = Field(default=None, description=_NAME)
    aliases: tuple[Address, ...] = Field(default=(), description=_ALIASES)
    groups: tuple[Address, ...] = Field(
        default=(),
        description="Groups of the stack whose mail it reads and in whose name it writes, by their addresses.",
    )
    quota: Room = Field(default=None, description=_QUOTA)
    role: AccountRole = Field(
        default=AccountRole.USER,
        description="`admin` may administer the whole server. One domain only: not offered, the server needs its"
        " Enterprise edition for it.",
    )
    enabled: bool = Field(
        default=True, description="`false`: nobody logs in and nothing is sent; mail still arrives and is kept."
    )
    password: Annotated[int, Field(ge=1, le=999)] = Field(
        default=1,
        description="Number of its password. It is set when the account is made and never again, whatever its person"
        " does with it; another number sets another one, once.",
    )
    password_hash: PasswordHash | None = Field(
        default=None,
        description="Password as a hash (secret), e.g. one that `openssl passwd -6` prints. Default: generated, in the"
        " output `accounts`.",
    )
    encrypt: EncryptSettings | None = Field(
        default=None,
        description="What mail that comes in is encrypted with, so that only its person reads it. Taken out, mail is"
        " stored in clear again. Default: as it is, on a new one not encrypted.",
    )


class GroupSettings(Section):
    """A mailbox that several accounts share. Nobody logs in to it."""

    name: Title | None = Field(default=None, description=_NAME)
    aliases: tuple[Address, ...] = Field(default=(), description=_ALIASES)
    quota: Room = Field(default=None, description=_QUOTA)


class ListSettings(Section):
    """An address that passes mail on."""

    name: Title | None = Field(default=None, description="What it is for. Default: as it is, on a new one nothing.")
    aliases: tuple[Address, ...] = Field(default=(), description=_ALIASES)
    members: Annotated[tuple[Recipient, ...], Field(min_length=1)] = Field(
        description="Who gets its mail: addresses of the stack, other lists, or addresses elsewhere."
    )


_ONCE = once("addresses", mail_address)

Accounts = Annotated[dict[Address, AccountSettings], _ONCE]
Groups = Annotated[dict[Address, GroupSettings], _ONCE]
Lists = Annotated[dict[Address, ListSettings], _ONCE]
