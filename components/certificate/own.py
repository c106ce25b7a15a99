"""A certificate of one's own: looked at from every side before anything is made. Needs no engine, but for `check`."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pulumi
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from components.certificate.names import needed, useful
from components.settings import OWN, Settings, refused
from components.settings.mistakes import Mistake
from components.topology import Plan

CHAIN, KEY = "mail.certificate_chain", "certificate_key"

# Shorter keys are issued by no public authority any more. Source: CA/Browser Forum, Baseline Requirements, 6.1.5.
_LEAST_RSA_BITS = 2048
_CURVES = (ec.SECP256R1, ec.SECP384R1)
_BROKEN_DIGESTS = frozenset({"md5", "sha1"})
_SOON = timedelta(days=30)


def check(settings: Settings, plan: Plan, key: str | None) -> str | None:
    """The chain in PEM, the server's own first; None where the stack file does not say `own`. Warns of what ends soon.

    Raises:
        pulumi.RunError: one sentence for everything that is wrong with chain or key.
    """
    if settings.mail.certificate != OWN:
        return None
    chain = read(settings.mail.certificate_chain or "")
    found = [chain] if isinstance(chain, Mistake) else [*mistakes(chain, key or "", needed(settings, plan))]
    if isinstance(chain, Mistake) or found:
        raise refused(found)
    for warning in warnings(chain, useful(settings)):
        pulumi.warn(warning)
    return chain.strip()


def read(given: str) -> str | Mistake:
    """The text of a chain: itself, or what is in the file that it names."""
    if "-----BEGIN" in given:
        return given
    try:
        return Path(given).expanduser().read_text(encoding="ascii")
    except (OSError, UnicodeError) as trouble:
        why = trouble.strerror if isinstance(trouble, OSError) else "it is not in PEM, which is text"
        return Mistake(CHAIN, f"{given} cannot be read: {why}", "name the file with the chain in PEM, or paste it here")


def mistakes(chain: str, key: str, names: Iterable[str], now: datetime | None = None) -> Iterator[Mistake]:
    """All that is wrong with a chain and its key.

    Args:
        names: what the certificate has to hold.
        now: for tests; a time with a zone.
    """
    if "PRIVATE KEY-----" in chain:
        yield Mistake(
            CHAIN, "there is a private key in it, where anybody may read it", f"take it out; it belongs to {KEY}"
        )
    try:
        certificates = x509.load_pem_x509_certificates(chain.encode())
    except ValueError:
        yield Mistake(CHAIN, "no certificate can be read in it", "PEM begins with -----BEGIN CERTIFICATE-----")
        return
    first = certificates[0]
    yield from _order(certificates)
    yield from _times(certificates, now or datetime.now(UTC))
    yield from _strength(certificates)
    yield from _use(first)
    if missing := sorted({name for name in names if not holds(first, name)}):
        yield Mistake(
            CHAIN,
            f"the certificate does not hold {', '.join(missing)}",
            "have one issued with these names too, each or by a wildcard",
        )
    yield from _key(first, key)


def warnings(chain: str, names: Iterable[str], now: datetime | None = None) -> Iterator[str]:
    """What is worth a word, and no mistake.

    Args:
        names: what the certificate may hold, for the convenience of people.
        now: for tests; a time with a zone.
    """
    first = x509.load_pem_x509_certificates(chain.encode())[0]
    if first.not_valid_after_utc - (now or datetime.now(UTC)) < _SOON:
        yield (
            f"{CHAIN}: the certificate ends on {first.not_valid_after_utc:%Y-%m-%d}. Put the next one and its key into"
            " the stack file in time; they are replaced without a restart."
        )
    if missing := sorted({name for name in names if not holds(first, name)}):
        yield (
            f"{CHAIN}: the certificate does not hold {', '.join(missing)}. Programs that look there for their settings"
            " find none and have to be set up by hand."
        )


def holds(certificate: x509.Certificate, name: str) -> bool:
    """Whether a certificate is for a name: it has it, or a wildcard for one label in its place (RFC 9525, 6.3)."""
    try:
        found = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return False
    held = {one.lower() for one in found.get_values_for_type(x509.DNSName)}
    return not held.isdisjoint({name, f"*.{name.partition('.')[2]}"})


def _order(certificates: Sequence[x509.Certificate]) -> Iterator[Mistake]:
    """The server's own, then who issued it, then who issued that: many programs look no further (RFC 8446, 4.4.2)."""
    remedy = "the server's own first, then each authority above it: cat server.pem intermediate.pem"
    if _is_authority(certificates[0]) and len(certificates) > 1:
        yield Mistake(CHAIN, f"{_called(certificates[0])}, an authority, stands first", remedy)
        return
    for lower, upper in pairwise(certificates):
        if not _issued(upper, lower):
            problem = f"{_called(upper)} follows on {_called(lower)} and has not issued it"
            yield Mistake(CHAIN, problem, remedy)
            return


def _times(certificates: Iterable[x509.Certificate], now: datetime) -> Iterator[Mistake]:
    for one in certificates:
        if one.not_valid_after_utc <= now:
            problem = f"{_called(one)} ended on {one.not_valid_after_utc:%Y-%m-%d %H:%M} UTC"
            yield Mistake(CHAIN, problem, "have it renewed")
        elif one.not_valid_before_utc > now:
            problem = f"{_called(one)} is valid only from {one.not_valid_before_utc:%Y-%m-%d %H:%M} UTC on"
            yield Mistake(CHAIN, problem, "take it then; until then keep the former one")


def _strength(certificates: Sequence[x509.Certificate]) -> Iterator[Mistake]:
    for one in certificates:
        digest = one.signature_hash_algorithm
        if digest and digest.name in _BROKEN_DIGESTS and one.subject != one.issuer:
            yield Mistake(CHAIN, f"{_called(one)} is signed with {digest.name}, which is broken", "have it issued anew")
    public = certificates[0].public_key()
    if isinstance(public, rsa.RSAPublicKey):
        if public.key_size < _LEAST_RSA_BITS:
            yield Mistake(
                CHAIN,
                f"its RSA key has {public.key_size} bits, which is too weak",
                f"make one of {_LEAST_RSA_BITS} bits or more, or of the curve P-256",
            )
    elif not (isinstance(public, ec.EllipticCurvePublicKey) and isinstance(public.curve, _CURVES)):
        yield Mistake(CHAIN, "its key is of a kind that many programs do not know", "take RSA, P-256 or P-384")


def _use(first: x509.Certificate) -> Iterator[Mistake]:
    try:
        uses = first.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    except x509.ExtensionNotFound:
        return
    if not {ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE} & {*uses}:
        yield Mistake(CHAIN, f"{_called(first)} is for another use than a server's", "have one issued for TLS servers")


def _key(first: x509.Certificate, key: str) -> Iterator[Mistake]:
    if "ENCRYPTED" in key:
        yield Mistake(
            KEY, "is encrypted with a passphrase", f"openssl pkey -in key.pem | pulumi config set --secret {KEY}"
        )
        return
    try:
        private = serialization.load_pem_private_key(key.encode(), None)
    except (ValueError, TypeError):
        yield Mistake(KEY, "no private key in PEM can be read in it", f"pulumi config set --secret {KEY} < key.pem")
        return
    if private.public_key() != first.public_key():
        yield Mistake(KEY, f"is not the key of {_called(first)}", "take the one that its request was made with")


def _is_authority(one: x509.Certificate) -> bool:
    try:
        return one.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except x509.ExtensionNotFound:
        return False


def _issued(upper: x509.Certificate, lower: x509.Certificate) -> bool:
    try:
        lower.verify_directly_issued_by(upper)
    except (ValueError, TypeError, InvalidSignature):
        return False
    return True


def _called(one: x509.Certificate) -> str:
    names = one.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    return f"the certificate of {str(names[0].value) if names else one.subject.rfc4514_string() or 'nobody'}"
