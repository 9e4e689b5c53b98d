"""Tests of `footfall.verification`."""
