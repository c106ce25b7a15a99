"""A stand-in for FoundationDB: one small replicated store with the habits that the installer has to cope with.

It keeps a full copy on every process and takes writes through one leader among the coordinators. What it models:
membership and quorum by coordinators, cluster files that are rewritten, `configure` and its errors, exit codes that
lie, figures of fault tolerance, foreign data. What it does not: performance, sharding, safety.
"""
