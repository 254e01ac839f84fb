"""Where would each operator of a model file run? Static rules over the file itself, no device."""
