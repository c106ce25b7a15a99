"""Mail that leaves: what waits, when it is tried, by which way, and what is told of it."""
