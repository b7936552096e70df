"""Closing and reopening periods on screen, and deciding what a source changed after a close."""
