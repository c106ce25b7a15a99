"""random:index:RandomId, random:index:RandomPassword and tls:index:PrivateKey: made once, kept in the state."""

import base64
import secrets
import string

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from .kind import Call, Failure, Made
from .values import Values, plain, secret

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
    """A key pair; only ED25519, the only kind in use here."""

    replaced_by = frozenset({"algorithm", "rsaBits", "ecdsaCurve"})
    outputs = ("privateKeyPem", "privateKeyOpenssh", "publicKeyPem", "publicKeyOpenssh")

    def create(self, call: Call, inputs: Values) -> tuple[str, Values]:
        if plain(inputs["algorithm"]) != "ED25519":
            raise Failure(f"no stand-in for keys of {plain(inputs['algorithm'])}")
        key = Ed25519PrivateKey.generate()
        pem, openssh = serialization.PrivateFormat.PKCS8, serialization.PrivateFormat.OpenSSH
        bare = serialization.NoEncryption()
        private = {kind: key.private_bytes(serialization.Encoding.PEM, kind, bare).decode() for kind in (pem, openssh)}
        public = key.public_key()
        line = public.public_bytes(serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH).decode()
        spki = public.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo).decode()
        return secrets.token_hex(20), {
            **inputs,
            "privateKeyPem": secret(private[pem]),
            "privateKeyOpenssh": secret(private[openssh]),
            "publicKeyPem": spki,
            "publicKeyOpenssh": f"{line}\n",
        }
