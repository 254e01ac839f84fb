"""Upscaling of arrays and picture files in exact tiles, and its evaluation on folders."""
