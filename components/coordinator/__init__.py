"""What tells the mail nodes of each other's changes: NATS on up to three nodes."""
