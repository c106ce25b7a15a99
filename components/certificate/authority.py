"""The private certificate authority of a stack, and the certificate that it issues for the mail servers."""

from collections.abc import Sequence

import pulumi
import pulumi_tls as tls

from components.certificate.life import AUTHORITY, Life

# Longer texts are no common name (RFC 5280, appendix A).
_LONGEST_COMMON_NAME = 64


class PrivateAuthority(pulumi.ComponentResource):
    """Its key and the server's are secrets of the stack: a cluster that is built anew shows the same certificate.

    Whoever trusts `pem` trusts every certificate that follows: a new one, and a new one of the authority itself, are
    made with the same keys.
    """

    pem: pulumi.Output[str]
    """The authority's own certificate."""

    chain: pulumi.Output[str]
    """The certificate of the mail servers, in PEM."""

    key: pulumi.Output[str]
    """Its private key in PEM (PKCS 8). Secret."""

    def __init__(
        self,
        name: str,
        title: str,
        names: Sequence[str],
        life: Life,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("stalwart-cluster:certificate:PrivateAuthority", name, None, opts)
        own = pulumi.ResourceOptions(parent=self)
        root_key = _key(f"{name}-key", own)
        root = tls.SelfSignedCert(
            name,
            private_key_pem=root_key.private_key_pem,
            subject={"common_name": title},
            is_ca_certificate=True,
            allowed_uses=["cert_signing", "crl_signing"],
            validity_period_hours=AUTHORITY.hours,
            early_renewal_hours=AUTHORITY.early_hours,
            opts=own,
        )
        key = _key(f"{name}-server-key", own)
        wanted = tls.CertRequest(
            f"{name}-server-request",
            private_key_pem=key.private_key_pem,
            subject={"common_name": _common_name(names[0], "mail")},
            dns_names=list(names),
            opts=own,
        )
        issued = tls.LocallySignedCert(
            f"{name}-server",
            ca_private_key_pem=root_key.private_key_pem,
            ca_cert_pem=root.cert_pem,
            cert_request_pem=wanted.cert_request_pem,
            allowed_uses=["digital_signature", "server_auth"],
            validity_period_hours=life.hours,
            early_renewal_hours=life.early_hours,
            opts=own,
        )
        self.pem = root.cert_pem
        self.chain = issued.cert_pem
        self.key = pulumi.Output.secret(key.private_key_pem_pkcs8)
        self.register_outputs({"pem": self.pem})


def title(hostname: str, cluster: str) -> str:
    """What the authority is called; programs list it under this name."""
    return _common_name(f"Private CA of {hostname}", f"Private CA of {cluster}")


def _common_name(text: str, shorter: str) -> str:
    return text if len(text) <= _LONGEST_COMMON_NAME else shorter


def _key(name: str, opts: pulumi.ResourceOptions) -> tls.PrivateKey:
    """A curve that every program knows, as the mail server takes it for certificates that it asks for itself."""
    return tls.PrivateKey(name, algorithm="ECDSA", ecdsa_curve="P256", opts=opts)
