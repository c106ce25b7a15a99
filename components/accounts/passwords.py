"""Passwords that the program makes, all from one secret of the stack: a thousand cost no more than one. Pure.

Each is drawn from 120 bits that nobody can guess, so a fast hash keeps it as well as a slow one would; hosts are given
hashes only. Who takes a password of one's own gets the mail server's slow one.
"""

import base64
import hashlib
import hmac

# Without letters and digits that look alike.
_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"
_LENGTH, _GROUP = 25, 5
_SALT_BYTES = 12


def password(seed: str, address: str, number: int) -> str:
    """The password of an account: 25 letters in groups of five, another one for each number."""
    # Two bytes for each letter: what is left over by the division favours none by more than a thousandth.
    drawn = _drawn(seed, f"password {number} {address}", 2 * _LENGTH)
    letters = [_LETTERS[int.from_bytes(drawn[place : place + 2]) % len(_LETTERS)] for place in range(0, 2 * _LENGTH, 2)]
    return "-".join("".join(letters[start : start + _GROUP]) for start in range(0, _LENGTH, _GROUP))


def hashed(seed: str, address: str, number: int) -> str:
    """The same as a hash, in the form that the mail server takes: salted SHA-512 (RFC 2307 with another digest)."""
    salt = _drawn(seed, f"salt {number} {address}", _SALT_BYTES)
    digest = hashlib.sha512(password(seed, address, number).encode() + salt).digest()
    return "{SSHA512}" + base64.b64encode(digest + salt).decode()


def _drawn(seed: str, purpose: str, length: int) -> bytes:
    return hmac.new(seed.encode(), purpose.encode(), hashlib.sha512).digest()[:length]
