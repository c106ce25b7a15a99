"""`make status`: the live state of a stack's nodes."""
