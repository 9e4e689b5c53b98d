"""Alerts: figures that are out of the ordinary. All modules are pure except `past`, which reads the live tables."""
