"""Other people's clients against the built server. `make clients` runs these."""
