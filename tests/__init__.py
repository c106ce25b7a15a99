"""Tests of stalwart-cluster, tier by tier."""
