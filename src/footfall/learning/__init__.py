"""Mahout on the warehouse's facts: segments of visitors, and recommendations. What decides is pure."""
