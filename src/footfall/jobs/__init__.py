"""Batch jobs as data: what each reads, writes and needs, and one way to submit, follow and cancel all of them."""
