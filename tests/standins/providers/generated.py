"""random:index:RandomId, random:index:RandomPassword and tls:index:PrivateKey: made once, kept in the state."""

import base64
import secrets
import string

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key

from .kind import Call, Failure, Made
from .values import Values, plain, secret

AnyKey = Ed25519PrivateKey | RSAPrivateKey | ec.EllipticCurvePrivateKey

_RSA_BITS = 2048
_SPECIAL = "!@#$%&*()-_=+[]{}<>:?"


class RandomId(Made):
    """Random bytes in several spellings."""

    replaced_by = frozenset({"byteLength", "keepers", "prefix"})
    outputs = ("hex", "dec", "b64Std", "b64Url")

    def create(self, call: Call, inputs: Values) -> tuple[str, Values]:
        raw = secrets.token_bytes(plain(inputs["byteLength"]))
        url = base64.urlsafe_b64encode(raw).decode().rstrip("=")
        spelt = {
            "hex": raw.hex(),
            "dec": str(int.from_bytes(raw)),
            "b64Std": base64.b64encode(raw).decode(),
            "b64Url": url,
        }
        return url, {**inputs, **spelt}


class RandomPassword(Made):
    """A secret string."""

    replaced_by = frozenset({"length", "special", "keepers", "overrideSpecial"})
    outputs = ("result", "bcryptHash")

    def create(self, call: Call, inputs: Values) -> tuple[str, Values]:
        letters = string.ascii_letters + string.digits
        if plain(inputs.get("special", True)):
            letters += plain(inputs.get("overrideSpecial")) or _SPECIAL
        text = "".join(secrets.choice(letters) for _ in range(plain(inputs["length"])))
        return "none", {**inputs, "result": secret(text)}


class PrivateKey(Made):
    """A key pair; of the kinds in use here."""

    replaced_by = frozenset({"algorithm", "rsaBits", "ecdsaCurve"})
    outputs = ("privateKeyPem", "privateKeyPemPkcs8", "privateKeyOpenssh", "publicKeyPem", "publicKeyOpenssh")

    def create(self, call: Call, inputs: Values) -> tuple[str, Values]:
        made = key_pair(plain(inputs["algorithm"]), int(plain(inputs.get("rsaBits")) or _RSA_BITS))
        marked = {name: secret(text) if name.startswith("private") else text for name, text in made.items()}
        return secrets.token_hex(20), {**inputs, **marked}


def key_pair(algorithm: str, bits: int = _RSA_BITS) -> dict[str, str]:
    """A new pair in the forms that the plugin gives.

    Raises:
        Failure: there is no stand-in for the kind.
    """
    key: AnyKey
    if algorithm == "ED25519":
        key = Ed25519PrivateKey.generate()
    elif algorithm == "RSA":
        key = generate_private_key(public_exponent=65537, key_size=bits)
    elif algorithm == "ECDSA":
        key = ec.generate_private_key(ec.SECP256R1())
    else:
        raise Failure(f"no stand-in for keys of {algorithm}")
    pkcs8 = _private(key, serialization.PrivateFormat.PKCS8)
    # As the plugin has it: Ed25519 in the general form, the others in their own.
    own = pkcs8 if algorithm == "ED25519" else _private(key, serialization.PrivateFormat.TraditionalOpenSSL)
    public = key.public_key()
    line = public.public_bytes(serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH).decode()
    spki = public.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo).decode()
    return {
        "privateKeyPem": own,
        "privateKeyPemPkcs8": pkcs8,
        "privateKeyOpenssh": _private(key, serialization.PrivateFormat.OpenSSH),
        "publicKeyPem": spki,
        "publicKeyOpenssh": f"{line}\n",
    }


def _private(key: AnyKey, form: serialization.PrivateFormat) -> str:
    return key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption()).decode()
