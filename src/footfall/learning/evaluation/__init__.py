"""How good segments and recommendations are: figures of rankings and clusterings, intervals, and baselines. Pure."""
