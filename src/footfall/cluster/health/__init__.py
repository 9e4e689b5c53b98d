"""Whether the services do their work, what state they are in, and what `doctor` says of it."""
