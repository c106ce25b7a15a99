"""Domain types of the stack file, by what they name: each says in its error what is right and shows an example."""
