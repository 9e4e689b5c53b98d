"""What runs Footfall on a machine: services as data, their installation and configuration, supervision and health.

Nothing here knows what an event means; where `up` hands over to another station it imports it at that moment.
"""
