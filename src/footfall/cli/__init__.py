"""The command line: one file a verb, each thin over a function of another package; `main` puts them together."""
