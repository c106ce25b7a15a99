"""Certificates that the world accepts, asked of an authority once the names lead here."""
