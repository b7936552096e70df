"""The Data quality page: what was found, what people decided about it, and how good each system's data is."""
