"""The documentation of every system that is read, made from its vendor file."""
