"""What a stack costs a month, as far as it is known."""
