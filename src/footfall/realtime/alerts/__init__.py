"""Alerts: what is out of the ordinary now, and since when. Pure; no bolt feeds it as yet."""
