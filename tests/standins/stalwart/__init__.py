"""A stand-in for Stalwart 0.16 on FoundationDB: settings by JMAP, node leases, listeners, and mail between nodes.

It models what an installer trips over: defaults that are made once, settings that need a reload or a restart, answers
of 200 that say no, signing keys that come later, caches that only the coordinator refreshes. It keeps no mail.
"""
