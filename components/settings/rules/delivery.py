"""Rules about how mail leaves: by which nodes, or by a relay that leads elsewhere and can be logged in to."""

from collections.abc import Iterator, Mapping

from components.settings.limits import SpamSettings
from components.settings.mail import service_name
from components.settings.mistakes import Mistake, spell
from components.settings.names import holds
from components.settings.node import NodeSettings, Role
from components.settings.relay import USUAL_PORTS, RelaySettings
from components.settings.rules.rule import Rules, Sound

_MESSAGE_MIB = range(1, 1025)


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
    if found and holds(service_name(sound["mail"], sound["domains"]), found.host):
        yield Mistake(
            "mail.relay.host",
            f"{found.host} is a name of this cluster: mail would come back to where it came from",
            "name the mail server of the provider, or remove mail.relay",
        )


def _senders(sound: Sound) -> Iterator[Mistake]:
    """Who sends is said of nodes that have mail to send, and does not matter where a relay sends all of it."""
    nodes: Mapping[str, NodeSettings] = sound["nodes"]
    quiet = {name: node for name, node in nodes.items() if not node.sends}
    mail = {name for name, node in nodes.items() if Role.MAIL in node.roles}
    for name in quiet:
        key = spell(("nodes", name, "sends"))
        if name not in mail:
            yield Mistake(key, "is said of a node without the mail server, from which nothing leaves", "remove it")
        elif sound["mail"].relay:
            yield Mistake(
                key,
                f"all mail leaves through {sound['mail'].relay.host}, whichever node has it",
                "remove one of the two",
            )
    if mail and mail <= {*quiet}:
        yield Mistake("nodes", "no node sends: all mail to others would wait until it comes back", "leave sends to one")


def _port(relay: RelaySettings) -> Iterator[Mistake]:
    """Each mode has its usual port, and the other's port answers nothing that it understands."""
    for mode, port in USUAL_PORTS.items():
        if mode is not relay.tls and relay.at == port:
            yield Mistake("mail.relay.tls", f"port {port} speaks {mode}, not {relay.tls}", f"take {mode}, or no port")


def _spam(sound: Sound) -> Iterator[Mistake]:
    """The server looks at `reject` before `discard`. Source: crates/spam-filter/src/analysis/score.rs."""
    spam: SpamSettings = sound["mail"].spam
    if spam.tag and spam.reject and spam.reject <= spam.tag:
        yield Mistake(
            "mail.spam.reject",
            f"from {spam.reject:g} on a mail would be refused before it could be tagged at {spam.tag:g}",
            "give it more than mail.spam.tag, e.g. 15",
        )
    if spam.tag and spam.discard and spam.discard <= spam.tag:
        yield Mistake(
            "mail.spam.discard",
            f"from {spam.discard:g} on a mail would vanish before it could be tagged at {spam.tag:g}",
            "give it more than mail.spam.tag, or leave it out",
        )
    if spam.reject and spam.discard and spam.discard >= spam.reject:
        yield Mistake(
            "mail.spam.discard",
            f"is never reached: what scores {spam.discard:g} is refused at {spam.reject:g} before",
            "leave it out, or give it less than mail.spam.reject",
        )


def _message_size(sound: Sound) -> Iterator[Mistake]:
    size = sound["mail"].limits.message_size
    if size is not None and size not in _MESSAGE_MIB:
        yield Mistake("mail.limits.message_size", f"{size}MiB is not between 1MiB and 1GiB", "50MiB is usual")


RULES: Rules = (
    (("mail",), _relay),
    (("mail", "domains"), _relay_elsewhere),
    (("mail", "nodes"), _senders),
    (("mail",), _spam),
    (("mail",), _message_size),
)
