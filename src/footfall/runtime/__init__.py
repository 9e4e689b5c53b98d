"""Foundations of all packages: Java, jars, processes of the platform, and the services that `up` was asked to start."""
