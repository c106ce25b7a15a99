"""Mail all the time while hosts are hurt: what was taken is written down, and looked for at the end."""
