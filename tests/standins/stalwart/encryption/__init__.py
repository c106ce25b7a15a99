"""Encryption of an account's mail when it comes in, by the programs gpg and openssl."""
