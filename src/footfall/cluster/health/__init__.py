"""Probes the services, and finds the facts and problems for `status` and `doctor`."""
