"""Manifests, golden samples and tolerances of model files."""
