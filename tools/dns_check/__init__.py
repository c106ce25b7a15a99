"""`make dns-check`: the records that the world sees, compared with those that the stack needs."""
