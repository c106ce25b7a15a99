"""By which nodes mail leaves."""
