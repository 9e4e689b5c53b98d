"""Footfall: what people do on web sites, in real time and for any day since, with numbers that can be proved."""
