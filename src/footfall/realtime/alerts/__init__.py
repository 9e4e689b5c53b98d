"""Alerts: what is out of the ordinary now, and since when. Pure but for `past`, which reads the live tables."""
