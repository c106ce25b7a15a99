"""How long certificates of the private authority last. An `up` in the last part of that time makes the next one."""

from dataclasses import dataclass

_DAY = 24
_YEAR = 365 * _DAY


@dataclass(frozen=True)
class Life:
    """Hours from issue to end, and how many of them before the end a run makes another."""

    hours: int
    early_hours: int


# Longer than two lives of what it issues.
AUTHORITY = Life(10 * _YEAR, 4 * _YEAR)

# Apple's programs take none of more than 825 days, whoever issued it.
# Source: https://support.apple.com/en-us/103769, Requirements for trusted certificates.
SERVING = Life(800 * _DAY, 180 * _DAY)

# Stands in until a public authority has issued. For each name the mail server shows the certificate that ends last
# (crates/common/src/config/server/tls.rs): so it ends before any that an authority issues, the shortest in common use
# being 45 days. Source: Let's Encrypt, From 90 to 45 days, 2025-12.
STANDING_IN = Life(30 * _DAY, 10 * _DAY)
