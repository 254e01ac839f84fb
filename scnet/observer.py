"""Observation of the values in an fx graph while it runs on images."""

from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import Tensor, fx

Observer = Callable[[fx.Node, Tensor], None]


def observe(graph: fx.GraphModule, images: Iterable[Tensor], observer: Observer) -> None:
    """Run a graph on images, and call the observer with each node and its value."""
    interpreter = _Interpreter(graph, observer)
    for image in images:
        with torch.inference_mode():
            interpreter.run(image)


class _Interpreter(fx.Interpreter):
    def __init__(self, graph: fx.GraphModule, observer: Observer) -> None:
        super().__init__(graph)
        self.observer = observer

    def run_node(self, n: fx.Node) -> Any:
        value = super().run_node(n)
        self.observer(n, value)
        return value
