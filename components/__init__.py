"""What the stack is made of: settings, topology, hosts, the database, the coordinator, the mail server, the proof."""
