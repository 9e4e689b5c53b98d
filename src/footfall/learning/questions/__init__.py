"""Questions about what was learned: segments, recommendations and similar items, one file each."""
