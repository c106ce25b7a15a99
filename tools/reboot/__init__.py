"""`make reboot`: the nodes of a stack, one after the other."""
