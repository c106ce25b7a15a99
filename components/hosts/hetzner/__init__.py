"""Servers at Hetzner Cloud: their network, their firewall, their addresses, themselves."""
