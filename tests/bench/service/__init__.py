"""The whole service beside others that do the same work."""
