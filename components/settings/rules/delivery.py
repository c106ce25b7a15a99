"""Rules about how mail leaves: a relay that would lead back here, or that could never be logged in to."""

from collections.abc import Iterator

from components.settings.mistakes import Mistake
from components.settings.relay import USUAL_PORTS, RelaySettings
from components.settings.rules.rule import Rules, Sound


def _relay(sound: Sound) -> Iterator[Mistake]:
    """The relay is another's, and a login has a password.

    Args:
        sound: `mail`, and under `given` the keys that the stack file really has.
    """
    found: RelaySettings | None = sound["mail"].relay
    has_password = "relay_password" in sound["given"]
    if found is None:
        if has_password:
            yield Mistake("relay_password", "is set, and there is no mail.relay that it could be for", "remove it")
        return
    if found.user and not has_password:
        yield Mistake(
            "relay_password",
            f"is missing: without it {found.host} would refuse every mail of {found.user}, and they would come back",
            "pulumi config set --secret relay_password",
        )
    elif has_password and not found.user:
        yield Mistake("mail.relay.user", "is missing, and there is a relay_password", "give the login, or remove both")
    yield from _port(found)


def _relay_elsewhere(sound: Sound) -> Iterator[Mistake]:
    """The relay is not this cluster. Needs the name of the mail service, so the domains too."""
    found: RelaySettings | None = sound["mail"].relay
    mail = sound["mail"]
    hostname = mail.hostname or f"mail.{mail.domain or next(iter(sound['domains']))}"
    if found and f".{found.host}".endswith(f".{hostname}"):
        yield Mistake(
            "mail.relay.host",
            f"{found.host} is a name of this cluster: mail would come back to where it came from",
            "name the mail server of the provider, or remove mail.relay",
        )


def _port(relay: RelaySettings) -> Iterator[Mistake]:
    """Each mode has its usual port, and the other's port answers nothing that it understands."""
    for mode, port in USUAL_PORTS.items():
        if mode is not relay.tls and relay.at == port:
            yield Mistake("mail.relay.tls", f"port {port} speaks {mode}, not {relay.tls}", f"take {mode}, or no port")


RULES: Rules = (
    (("mail",), _relay),
    (("mail", "domains"), _relay_elsewhere),
)
