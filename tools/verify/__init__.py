"""`make verify`: the proof, and everything that makes mail of a stack trusted and usable, each a named check."""
