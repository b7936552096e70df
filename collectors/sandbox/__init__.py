"""A stand-in for the vendors' APIs on loopback, written from their fact sheets.

It shares no code with the collectors that read it: it imports the standard library and itself.
"""
