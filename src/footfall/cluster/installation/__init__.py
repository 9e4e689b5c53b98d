"""Everything that `up` installs before it starts a service."""
