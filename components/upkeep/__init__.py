"""How hosts are kept up to date: security updates, and reboots in turn."""
