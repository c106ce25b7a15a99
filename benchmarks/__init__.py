"""`make bench`: how long, how much, and where it goes. Not part of the timed tests."""
