"""A stand-in for the name servers of the world's zones: authoritative, and for nothing but the zones it was given.

It answers from the texts of zones as BIND would, by UDP and TCP. What it does not: wildcards, delegations, transfers,
signatures.
"""
