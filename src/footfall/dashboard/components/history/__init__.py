"""The panels of the history page."""
