"""Accounts and facts in our own words: what vendors say, before anyone says whose it is."""
