"""The command line: one file per verb, each a thin layer over another package. `main` puts the verbs together."""
