"""Encryption of an account's mail at rest: the key of its person, looked at before anything is made."""
