"""OpenPGP keys. The library is the mail server's own, Sequoia, so both take a key for the same.

Sources: has_pgp_keys and parse_public_key in crates/common/src/storage/encryption.rs of Stalwart 0.16.19: a key counts
that is alive, not revoked, and marked for transport; a head line in its armour (`Comment:`, `Version:`) is refused.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from pysequoia import ArmorKind, Cert, armor, encrypt
from pysequoia.packet import Packet, PacketPile, SignatureType, Tag

from components.settings.encryption.public_key import Kind, PublicKey, Unfit

_EXPORT = "gpg --armor --export ADDRESS"
_SECRET = (Tag.SecretKey, Tag.SecretSubkey)
_KEYS = (Tag.PublicKey, Tag.PublicSubkey)


@dataclass(frozen=True)
class _Part:
    """The main key or a subkey, and what was last said of it."""

    packet: Packet
    said: Sequence[Packet]
    """Its signatures, the newest first."""

    @property
    def encrypts(self) -> bool:
        """Whether it is marked for mail, and not taken back."""
        flags = next((one.key_flags for one in self.said if one.key_flags), None)
        revoked = any(one.signature_type == SignatureType.SubkeyRevocation for one in self.said)
        return flags is not None and flags.transport_encryption and not revoked

    @property
    def until(self) -> datetime | None:
        period = self.said[0].key_validity_period if self.said else None
        created = self.packet.key_created
        return created + period if created and period else None


def private() -> Unfit:
    """What is said of a private key."""
    return Unfit(
        "is a private key, which never belongs here: who has it reads all mail, and the mail server must not",
        f"take it out of this file and its history, and give the public one: {_EXPORT}",
    )


def read(text: str, now: datetime) -> PublicKey:
    """A key from its armour.

    Args:
        now: a time with a zone.

    Raises:
        Unfit: the mail server cannot encrypt with it.
    """
    cert = _only(text)
    if any(packet.tag in _SECRET for packet in PacketPile.from_bytes(bytes(cert))):
        raise private()
    if cert.is_revoked:
        raise Unfit("has been revoked by its owner", "ask its owner for the present one")
    parts = [part for part in _parts(cert) if part.encrypts]
    if not parts:
        raise Unfit(
            "has no subkey to encrypt with, it can only sign", "gpg --quick-add-key FINGERPRINT cv25519 encr; export it"
        )
    until = _until(cert, parts)
    if until and until <= now:
        raise Unfit(
            f"has expired on {until:%Y-%m-%d}",
            f"have its owner extend it: gpg --quick-set-expire FINGERPRINT 2y; and again with '*'; {_EXPORT}",
        )
    _try(cert)
    addresses = {packet.user_id_email for packet in PacketPile.from_bytes(bytes(cert)) if packet.tag == Tag.UserID}
    return PublicKey(
        Kind.OPENPGP,
        armor(bytes(cert), ArmorKind.PublicKey),
        tuple(sorted(address.lower() for address in addresses if address)),
        until,
    )


def _only(text: str) -> Cert:
    try:
        found = Cert.split_bytes(text.encode())
    except Exception:  # noqa: BLE001  # whatever the library says of it, with a trace of its inside
        found = []
    if not found:
        raise Unfit("cannot be read as an OpenPGP key: it is cut off or damaged", _EXPORT)
    if len(found) > 1:
        raise Unfit(f"holds {len(found)} keys, and whoever has any of them reads the mail", f"give one: {_EXPORT}")
    return found[0]


def _parts(cert: Cert) -> Iterator[_Part]:
    """Each key with its signatures. Those on names are about the main key."""
    signatures: list[Packet] = []
    for packet in reversed([*PacketPile.from_bytes(bytes(cert))]):
        if packet.tag == Tag.Signature and packet.signature_created:
            signatures.append(packet)
        elif packet.tag in _KEYS:
            own = [one for one in signatures if one.issuer_fingerprint in {None, cert.fingerprint}]
            yield _Part(packet, sorted(own, key=_created, reverse=True))
            signatures = []


def _created(signature: Packet) -> float:
    return signature.signature_created.timestamp() if signature.signature_created else 0.0


def _until(cert: Cert, parts: Sequence[_Part]) -> datetime | None:
    """When the last of them ends, or the main key before that."""
    try:
        main = cert.expiration
    except RuntimeError:
        raise _refused() from None
    ends = [part.until for part in parts]
    last = None if None in ends else max(end for end in ends if end)
    return min((end for end in (main, last) if end), default=None)


def _try(cert: Cert) -> None:
    """What the library does not encrypt with, the server does not either: signed by SHA-1, too short, not yet valid."""
    try:
        encrypt(b"", [cert])
    except Exception:  # noqa: BLE001  # as above
        raise _refused() from None


def _refused() -> Unfit:
    return Unfit(
        "is of a kind that is not safe any more, or not valid yet: the mail server would not encrypt with it",
        "have its owner make a new one: gpg --quick-generate-key ADDRESS",
    )
