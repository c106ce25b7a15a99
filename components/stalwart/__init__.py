"""The mail server: Stalwart on every mail node, its settings in the database, one cluster."""
