"""Installs everything that the services need before `up` starts them."""
