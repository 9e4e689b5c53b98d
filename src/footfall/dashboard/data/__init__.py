"""The data that pages read: answers from the engines, cached and shared by all open pages."""
