"""The last step: the database proved by writes, the mail cluster by mail."""
