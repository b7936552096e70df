"""One synthetic managed service provider, the same for the same seed. All names are invented."""
