"""The content of the sites: products, articles and courses, generated once from a fixed seed. Pure: no Flask, no clock.

The seed is not a setting, so that an address such as `/category/camping` is the same in every installation.
"""
