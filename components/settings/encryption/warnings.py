"""What is worth a word of people's keys, and no mistake."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from components.settings.account import AccountSettings
from components.settings.model import Settings

# As for a certificate of one's own: a person has to be found, and makes the longer one by hand.
_SOON = timedelta(days=30)


def warnings(settings: Settings, now: datetime | None = None) -> Iterator[str]:
    """A sentence each.

    Args:
        now: for tests; a time with a zone.
    """
    soon = (now or datetime.now(UTC)) + _SOON
    ending, strange = [], []
    for address, account in sorted(settings.accounts.items()):
        if account.encrypt is None:
            continue
        key = account.encrypt.key
        if key.until and key.until < soon:
            ending.append(f"{address} ({key.until:%Y-%m-%d})")
        if key.addresses and {*key.addresses}.isdisjoint(_names(settings, address, account)):
            strange.append(f"{address} (of {key.addresses[0]})")
    if ending:
        yield (
            f"keys that mail is encrypted with end soon: {', '.join(ending)}. From that day on mail for these accounts"
            " waits, and is stored in clear after a restart; no run goes through then. Ask for longer ones now."
        )
    if strange:
        yield (
            f"keys that mail is encrypted with do not name their account: {', '.join(strange)}. Only who has the"
            " private key reads that mail: look whether it is the right one."
        )


def _names(settings: Settings, address: str, account: AccountSettings) -> Iterator[str]:
    """All addresses of an account, also by other names of its domains."""
    for name in (address, *account.aliases):
        local, _, domain = name.rpartition("@")
        section = settings.domains.get(domain)
        yield from (f"{local}@{one}" for one in (domain, *(section.aliases if section else ())))
