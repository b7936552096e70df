"""What a person reads: pages made of panels, one entry a page."""
