"""tls:index:SelfSignedCert, CertRequest and LocallySignedCert: made once, and anew when little of their life is left.

Source: terraform-provider-tls 4, internal/provider/common_cert.go, which the plugin wraps.
"""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from .kind import Call, Difference, Made
from .values import Values, plain

_CRITICAL = True


class CertRequest(Made):
    """A request for a certificate."""

    replaced_by = frozenset({"privateKeyPem", "subject", "dnsNames"})
    outputs = ("certRequestPem", "keyAlgorithm")

    def create(self, call: Call, inputs: Values) -> tuple[str, Values]:
        given = plain(inputs)
        key = _key(given["privateKeyPem"])
        builder = x509.CertificateSigningRequestBuilder().subject_name(_name(given["subject"]["commonName"]))
        names = x509.SubjectAlternativeName([x509.DNSName(name) for name in given["dnsNames"]])
        made = builder.add_extension(names, critical=False).sign(key, hashes.SHA256())
        pem = made.public_bytes(serialization.Encoding.PEM).decode()
        return hex(hash(pem)), {**inputs, "certRequestPem": pem, "keyAlgorithm": "ECDSA"}


class _Certificate(Made):
    """What both kinds of certificates have in common."""

    outputs = ("certPem", "validityStartTime", "validityEndTime", "readyForRenewal")

    def compare(self, before: Values, after: Values, state: Values) -> Difference:
        """A run in the last hours of its life makes another, without any change of an input."""
        changed = sorted(key for key in {*before, *after} if before.get(key) != after.get(key))
        replacing = [key for key in changed if key in self.replaced_by]
        early = timedelta(hours=plain(after.get("earlyRenewalHours")) or 0)
        end = plain(state.get("validityEndTime"))
        if end and datetime.fromisoformat(end) - early <= datetime.now(UTC):
            return Difference([*changed, "readyForRenewal"], [*replacing, "readyForRenewal"])
        return Difference(changed, replacing)

    def _made(self, inputs: Values, built: x509.CertificateBuilder, key: EllipticCurvePrivateKey) -> tuple[str, Values]:
        begin = datetime.now(UTC).replace(microsecond=0)
        end = begin + timedelta(hours=plain(inputs["validityPeriodHours"]))
        number = x509.random_serial_number()
        built = built.not_valid_before(begin).not_valid_after(end).serial_number(number)
        pem = built.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM).decode()
        times = {"validityStartTime": begin.isoformat(), "validityEndTime": end.isoformat()}
        return str(number), {**inputs, "certPem": pem, **times, "readyForRenewal": False}


class SelfSignedCert(_Certificate):
    """A certificate of its own key; here only that of an authority."""

    replaced_by = frozenset({"privateKeyPem", "subject", "isCaCertificate", "allowedUses", "validityPeriodHours"})

    def create(self, call: Call, inputs: Values) -> tuple[str, Values]:
        given = plain(inputs)
        key, name = _key(given["privateKeyPem"]), _name(given["subject"]["commonName"])
        built = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        built = built.add_extension(x509.BasicConstraints(ca=True, path_length=None), _CRITICAL)
        built = built.add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        return self._made(inputs, _used(built, given["allowedUses"]), key)


class LocallySignedCert(_Certificate):
    """A certificate for a request, of an authority whose key is at hand."""

    replaced_by = frozenset({"caCertPem", "caPrivateKeyPem", "certRequestPem", "allowedUses", "validityPeriodHours"})

    def create(self, call: Call, inputs: Values) -> tuple[str, Values]:
        given = plain(inputs)
        authority = x509.load_pem_x509_certificate(given["caCertPem"].encode())
        wanted = x509.load_pem_x509_csr(given["certRequestPem"].encode())
        built = x509.CertificateBuilder().subject_name(wanted.subject).issuer_name(authority.subject)
        built = built.public_key(wanted.public_key())
        for extension in wanted.extensions:
            built = built.add_extension(extension.value, extension.critical)
        subject = authority.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
        identifier = x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(subject)
        built = built.add_extension(identifier, critical=False)
        return self._made(inputs, _used(built, given["allowedUses"]), _key(given["caPrivateKeyPem"]))


def _used(builder: x509.CertificateBuilder, uses: Iterable[str]) -> x509.CertificateBuilder:
    """Key usage and extended key usage by the plugin's words."""
    names = {"digital_signature": "digital_signature", "cert_signing": "key_cert_sign", "crl_signing": "crl_sign"}
    every = (
        "digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement",
        "key_cert_sign", "crl_sign", "encipher_only", "decipher_only",
    )  # fmt: skip
    asked = {names[use] for use in uses if use in names}
    builder = builder.add_extension(x509.KeyUsage(**{key: key in asked for key in every}), _CRITICAL)
    if "server_auth" in uses:
        return builder.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
    return builder


def _key(pem: str) -> EllipticCurvePrivateKey:
    key: Any = serialization.load_pem_private_key(pem.encode(), None)
    assert isinstance(key, EllipticCurvePrivateKey), "no stand-in for certificates of other keys"
    return key


def _name(common: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)])
