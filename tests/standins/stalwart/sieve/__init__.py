"""Sieve: what a person's script does with a mail, and how the script is put there."""
