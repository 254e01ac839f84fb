"""Engines that run model files, and the sessions that they open."""
