"""A stand-in for the plugin hcloud 1.43, with the part of Hetzner Cloud behind it that the project uses.

Read in the sources of terraform-provider-hcloud 1.66 and hcloud-go: properties, what replaces, which errors are borne
and which are shown. The API's own sentences are from reports of its users, where there are any.
"""
