"""The demo: a synthetic MSP read from the vendor sandbox, with its people and what they decided."""
