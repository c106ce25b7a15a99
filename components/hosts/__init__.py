"""Where hosts come from. Every platform gives the same: hosts that answer SSH, by node name, made ready."""
