"""Signing keys (DKIM): made here, published by the records, used by the mail server, changed in turn."""
