"""Static check of where each operator of a model file would run: rules, no device needed."""
