"""Accounts of people and programs, groups and mailing lists."""
