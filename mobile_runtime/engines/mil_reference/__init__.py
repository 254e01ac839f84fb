"""Reference executor of MIL programs, in NumPy: runs Core ML files where there is no Mac."""
