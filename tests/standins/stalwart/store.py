"""The database, by the stand-in's own client."""

from ..foundationdb.client import Store, StoreUnavailable, Transaction

__all__ = ["Store", "StoreUnavailable", "Transaction"]
