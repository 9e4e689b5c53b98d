"""Starts, stops and monitors the services of this machine."""
