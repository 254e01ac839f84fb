"""The harness: opens converted files and says, with numbers, whether they are right."""
