"""Where something comes from: accounts, packages, the certificate."""

from typing import Annotated

from pydantic import AfterValidator

from components.settings.fields.shape import refusal

# The certificate settings that stand for the ACME directory of a known authority.
AUTHORITIES = {
    "letsencrypt": "https://acme-v02.api.letsencrypt.org/directory",
    "letsencrypt_staging": "https://acme-staging-v02.api.letsencrypt.org/directory",
}
PRIVATE = "private"
OWN = "own"


def _accounts_file(value: str | None) -> str | None:
    if value and not value.endswith((".csv", ".json")):
        raise refusal("file", f"a CSV or JSON file, e.g. people.csv; got {value[:60]!r}")
    return value or None  # empty is what an unset key of the project file looks like


def _mirror(value: str | None) -> str | None:
    if value and not value.startswith(("http://", "https://", "/", "./", "../", "~/")):
        raise refusal(
            "mirror", f"a folder or a URL, e.g. /srv/mirror or https://mirror.example.org; got {value[:60]!r}"
        )
    return value or None


def _certificate(value: str) -> str:
    if value not in {PRIVATE, OWN, *AUTHORITIES} and not value.startswith("https://"):
        known = ", ".join([PRIVATE, OWN, *AUTHORITIES])
        raise refusal("certificate", f"{known}, or the https URL of an ACME directory; got {value[:60]!r}")
    return value


AccountsFile = Annotated[str | None, AfterValidator(_accounts_file)]
Mirror = Annotated[str | None, AfterValidator(_mirror)]
CertificateSource = Annotated[str, AfterValidator(_certificate)]
