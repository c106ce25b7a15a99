"""Sign and verify, RSA and Ed25519, by the library that Python's own TLS stands on."""

import ctypes
import ctypes.util
from functools import cache
from typing import Any

_ED25519 = 1087  # NID_ED25519 of obj_mac.h


@cache
def _library() -> Any:
    found = ctypes.CDLL("libcrypto.so.3")
    for name in (
        "BIO_new_mem_buf",
        "EVP_MD_CTX_new",
        "EVP_PKEY_new_raw_public_key",
        "EVP_sha256",
        "PEM_read_bio_PrivateKey",
        "d2i_PUBKEY",
    ):
        getattr(found, name).restype = ctypes.c_void_p
    return found


def sign(pem: str, kind: str, data: bytes) -> bytes:
    """The signature of `data` by a private key; `kind` is rsa or ed25519.

    Raises:
        ValueError: it is no such key.
    """
    crypto = _library()
    text = pem.encode()
    bio = ctypes.c_void_p(crypto.BIO_new_mem_buf(text, len(text)))
    key = ctypes.c_void_p(crypto.PEM_read_bio_PrivateKey(bio, None, None, None))
    crypto.BIO_free(bio)
    if not key:
        raise ValueError("no private key")
    context = ctypes.c_void_p(crypto.EVP_MD_CTX_new())
    try:
        size = ctypes.c_size_t(0)
        if crypto.EVP_DigestSignInit(context, None, _digest(kind), None, key) != 1:
            raise ValueError(f"no key of the kind {kind}")
        crypto.EVP_DigestSign(context, None, ctypes.byref(size), data, ctypes.c_size_t(len(data)))
        signature = ctypes.create_string_buffer(size.value)
        if crypto.EVP_DigestSign(context, signature, ctypes.byref(size), data, ctypes.c_size_t(len(data))) != 1:
            raise ValueError(f"the key does not sign as {kind}")
        return signature.raw[: size.value]
    finally:
        crypto.EVP_MD_CTX_free(context)
        crypto.EVP_PKEY_free(key)


def verifies(public: bytes, kind: str, data: bytes, signature: bytes) -> bool:
    """Whether a signature of `data` is by the holder of a public key, given as DKIM publishes it: RSA as
    SubjectPublicKeyInfo, Ed25519 as its 32 bytes.
    """
    crypto = _library()
    if kind == "rsa":
        place = ctypes.c_char_p(public)
        key = ctypes.c_void_p(crypto.d2i_PUBKEY(None, ctypes.byref(place), ctypes.c_long(len(public))))
    else:
        key = ctypes.c_void_p(crypto.EVP_PKEY_new_raw_public_key(_ED25519, None, public, ctypes.c_size_t(len(public))))
    if not key:
        return False
    context = ctypes.c_void_p(crypto.EVP_MD_CTX_new())
    try:
        if crypto.EVP_DigestVerifyInit(context, None, _digest(kind), None, key) != 1:
            return False
        sizes = ctypes.c_size_t(len(signature)), ctypes.c_size_t(len(data))
        return bool(crypto.EVP_DigestVerify(context, signature, sizes[0], data, sizes[1]) == 1)
    finally:
        crypto.EVP_MD_CTX_free(context)
        crypto.EVP_PKEY_free(key)


def _digest(kind: str) -> Any:
    """Ed25519 has a digest of its own."""
    return ctypes.c_void_p(_library().EVP_sha256()) if kind == "rsa" else None
