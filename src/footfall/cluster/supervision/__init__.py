"""Starting, stopping and watching the services of this machine."""
