"""The questions that the live tables answer, one module each."""
