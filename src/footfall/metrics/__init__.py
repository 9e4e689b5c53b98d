"""What a figure means, as pure functions that every engine calls; imports no engine."""
