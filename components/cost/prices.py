"""Hetzner Cloud's prices: net, in euros a month, in Europe. The one file to bring up to date; its day is always shown.

Hetzner has raised prices since that day (in April and June of 2026), so that an estimate is a lower bound until
somebody brings the list up to date from https://www.hetzner.com/cloud. What is not in it is unknown, and said to be.
"""

from datetime import date

AS_OF = date(2025, 10, 21)

SERVERS = {
    "cx23": 3.49,
    "cx33": 5.49,
    "cx43": 9.49,
    "cx53": 17.49,
    "cpx22": 5.99,
    "cpx32": 10.49,
    "cpx42": 19.49,
    "cpx52": 27.49,
    "cax11": 3.79,
    "cax21": 6.49,
    "cax31": 12.49,
    "cax41": 24.49,
    "ccx13": 12.49,
    "ccx23": 24.49,
    "ccx33": 48.49,
    "ccx43": 96.49,
    "ccx53": 192.49,
    "ccx63": 288.49,
}
BALANCERS = {"lb11": 5.39, "lb21": 16.40, "lb31": 32.90}
VOLUME_GIB = 0.044
IPV4 = 0.50

# Daily backups of a server, as a part of its price.
BACKUPS = 0.20
EUROPEAN_ZONE = "eu-central"
