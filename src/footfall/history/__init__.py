"""Past days, made after the fact: the same visitors on the same sites in simulated time, and what they left behind.

What happens follows from seed, day, population and events a day alone;
`run.py` brings it to the engines.
"""
