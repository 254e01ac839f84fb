"""Lowerings: how the network's operators are written in each format."""
