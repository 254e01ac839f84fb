"""Lowerings: SCNet's operators in the operators of each format."""
