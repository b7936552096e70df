"""What people write beside numbers: notes with a date, and why limits were worked out again."""
