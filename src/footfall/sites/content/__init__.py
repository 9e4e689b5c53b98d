"""What the sites are about: goods, articles and courses, made once from a fixed seed. Pure: no Flask, no clock.

The seed is no setting, so that an address such as `/category/camping` means the same in every installation.
"""
