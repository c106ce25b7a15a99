"""The database: a FoundationDB cluster on the nodes, from the first cluster file to a checked fault tolerance."""
