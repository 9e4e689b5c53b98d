"""The platform as a cluster of containers, through the command lines of Docker and Docker Compose."""
