import pytest
import torch
from torch.nn import functional as F

from scnet.shift import OFFSETS, shift_kernel, spatial_shift


def shift_by_hand(features):
    """The definition, pixel by pixel."""
    _, channels, height, width = features.shape
    shifted = torch.zeros_like(features)
    for c in range(channels):
        dy, dx = OFFSETS[c // (channels // 8)]
        for y in range(height):
            for x in range(width):
                if 0 <= y + dy < height and 0 <= x + dx < width:
                    shifted[:, c, y, x] = features[:, c, y + dy, x + dx]
    return shifted


@pytest.mark.parametrize("shape", [(1, 8, 5, 4), (2, 24, 3, 3), (1, 16, 1, 1), (1, 8, 1, 6)])
def test_shift_is_its_definition(shape):
    features = torch.randn(shape)
    assert torch.equal(spatial_shift(features), shift_by_hand(features))


def test_depthwise_convolution_is_the_same_function():
    features = torch.randn(2, 16, 6, 5)
    convolved = F.conv2d(features, shift_kernel(16), padding=1, groups=16)
    assert torch.equal(convolved, spatial_shift(features))


def test_operator_keeps_torch_rules():
    checks = torch.library.opcheck(spatial_shift, (torch.randn(1, 8, 4, 4, requires_grad=True),))
    assert set(checks.values()) == {"SUCCESS"}


def test_gradient_is_right():
    features = torch.randn(1, 16, 4, 3, dtype=torch.double, requires_grad=True)
    assert torch.autograd.gradcheck(spatial_shift, (features,))


def test_export_sees_one_node():
    class Two(torch.nn.Module):
        def forward(self, features):
            return spatial_shift(spatial_shift(features))

    program = torch.export.export(Two(), (torch.randn(1, 8, 4, 4),)).run_decompositions({})
    called = [str(node.target) for node in program.graph.nodes if node.op == "call_function"]
    assert called == ["scnet.spatial_shift.default"] * 2


@pytest.mark.parametrize("channels", [4, 12, 63])
def test_channels_come_in_eights(channels):
    with pytest.raises(ValueError, match="multiple of 8"):
        spatial_shift(torch.randn(1, channels, 2, 2))
