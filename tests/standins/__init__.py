"""What stands in for the outside world where it cannot be reached: never kinder than the real thing."""
