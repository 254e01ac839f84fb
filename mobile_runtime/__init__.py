"""Runtime without PyTorch: opens, runs, validates, checks and benchmarks converted files."""
