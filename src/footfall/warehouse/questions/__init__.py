"""The questions about past days. They read only published days."""
