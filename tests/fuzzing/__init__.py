"""Fuzzing: damaged and inconsistent files by the thousand."""
