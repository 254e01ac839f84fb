"""The reference executor of MIL programs, in NumPy."""
