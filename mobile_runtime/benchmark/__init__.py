"""Latency and memory of model files."""
