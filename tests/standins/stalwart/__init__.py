"""A stand-in for Stalwart 0.16 on FoundationDB: settings by JMAP, node leases, listeners, and mail between nodes and
with the world.

It models what an installer trips over: defaults that are made once, settings that need a reload or a restart, answers
of 200 that say no, signing keys that come later, caches that only the coordinator refreshes, a first attempt to deliver
that asks for a certificate, news that programs are told of before they can see it. It guards nobody's mail.
"""
