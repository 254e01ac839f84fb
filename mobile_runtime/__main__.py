"""The commands of `scnet` that need no PyTorch, as `python -m mobile_runtime`."""

from mobile_runtime.cli.program import COMMANDS, Program, open_model_file, run

if __name__ == "__main__":
    run(Program(COMMANDS, open_model_file))
