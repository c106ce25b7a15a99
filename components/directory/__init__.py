"""The directory: the mail domains and what lies in them."""
