"""Notifies people of alerts: in sentences, by webhook, as mail."""
