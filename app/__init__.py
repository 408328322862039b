"""Rail Debug: a debugging agent for railway control systems."""
