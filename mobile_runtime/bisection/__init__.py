"""Which operator of a file goes wrong? The file is cut ever shorter, and run by two executors."""
