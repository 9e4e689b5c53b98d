"""Tells alerts to people: in sentences, by webhook, as mail."""
