"""Settings of what is taken for spam, and of how much anybody may hand in. What is not said stays as it is."""

from typing import Annotated, Any

from pydantic import Field

from components.settings.fields.network import AllowedNetwork
from components.settings.fields.size import Mebibytes
from components.settings.section import Section

Score = Annotated[float, Field(ge=0, le=100)]
Count = Annotated[int, Field(ge=1, le=1_000_000)]


class SpamSettings(Section):
    """What happens to a mail by its score: the more, the likelier it is spam."""

    tag: Annotated[float, Field(gt=0, le=100)] | None = Field(
        default=None, description="Score from which a mail goes to the folder Junk. A new server has 5."
    )
    reject: Score | None = Field(
        default=None,
        description="Score from which a mail is refused, so that its sender hears of it; `0`: never, as a new server.",
    )
    discard: Score | None = Field(
        default=None,
        description="Score from which a mail vanishes without a word, looked at after `reject`; `0`: never, as a new"
        " server.",
    )


class LimitSettings(Section):
    """How much anybody may hand in, and who is spared."""

    message_size: Mebibytes = Field(
        default=None,
        description="Largest mail, e.g. `50MiB`. A new server takes 100 MiB.",
    )
    connections: Count | None = Field(
        default=None, description="SMTP connections that one address may open in a second. A new server has 5."
    )
    per_recipient: Count | None = Field(
        default=None, description="Mails an hour from one domain to one recipient. A new server has 25."
    )
    per_account: Count | None = Field(
        default=None,
        description="Mails an hour that one account may hand in, so that a stolen password does less. A new server has"
        " no limit.",
    )
    failed_logins: Count | None = Field(
        default=None, description="Failed logins a day after which an address is banned. A new server has 100."
    )
    ban_hours: Annotated[int, Field(ge=1, le=8760)] | None = Field(
        default=None, description="Hours that a ban lasts, whatever it is for. On a new server it has no end."
    )
    allow: tuple[AllowedNetwork, ...] = Field(
        default=(),
        description="Networks that are never limited or banned, for monitoring and imports, e.g. `[203.0.113.7/32]`.",
    )


def spam_document(spam: SpamSettings) -> dict[str, Any]:
    """JSON of scripts/lib/stalwart/limits.Spam."""
    return spam.model_dump()


def limits_document(limits: LimitSettings) -> dict[str, Any]:
    """JSON of scripts/lib/stalwart/limits.Limits."""
    return {**limits.model_dump(exclude={"allow"}), "allow": [str(network) for network in limits.allow]}
