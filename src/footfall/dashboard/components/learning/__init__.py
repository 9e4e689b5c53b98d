"""The panels of the learning page."""
