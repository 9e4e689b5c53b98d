"""Alerts: what is out of the ordinary now, and since when. Pure; the bolt that feeds it is beside."""
