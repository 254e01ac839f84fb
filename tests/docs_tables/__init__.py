"""The generated parts of README.md, docs/ and the model cards, and the results they come from."""
