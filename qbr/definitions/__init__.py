"""The Definitions page: what every metric means, how it is made, and where it is used."""
