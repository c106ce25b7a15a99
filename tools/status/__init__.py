"""`make status`: the live state of a stack, compared with what the stack wants."""
