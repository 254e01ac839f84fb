"""ONNX operators that onnxruntime's WebGPU and CoreML providers take."""

ORT_DOMAINS = frozenset(
    ("ai.onnx.ml", "ai.onnx.preview.training", "com.microsoft", "com.microsoft.nchwc")
)
"""Besides ONNX's own; onnxruntime is built with them."""

WEBGPU_KINDS = frozenset(
    (
        *("Abs", "Neg", "Floor", "Ceil", "Reciprocal", "Sqrt", "Exp", "Erf", "Sigmoid", "Log"),
        *("HardSigmoid", "Sin", "Cos", "Tan", "Asin", "Acos", "Atan", "Sinh", "Cosh", "Asinh"),
        *("Acosh", "Atanh", "Tanh", "Not", "Cast", "Clip", "Elu", "Relu", "LeakyRelu", "Gelu"),
        *("ThresholdedRelu", "ReduceMax", "ReduceMean", "ReduceMin", "ReduceProd", "ReduceSum"),
        *("ReduceL1", "ReduceL2", "ReduceLogSum", "ReduceSumSquare", "ReduceLogSumExp"),
        *("Add", "Sub", "Mul", "Div", "Pow", "Equal", "Greater", "GreaterOrEqual", "Less"),
        *("LessOrEqual", "Shape", "Reshape", "Squeeze", "Unsqueeze", "Identity", "Where"),
        *("Transpose", "DepthToSpace", "SpaceToDepth", "Conv", "ConvTranspose", "MaxPool"),
        *("AveragePool", "GlobalAveragePool", "GlobalMaxPool", "Gemm", "MatMul", "ArgMax"),
        *("ArgMin", "Softmax", "Concat", "Split", "Expand", "Resize", "Gather", "GatherElements"),
        *("GatherND", "ScatterND", "ScatterElements", "GridSample", "Slice", "Flatten", "Tile"),
        *("LayerNormalization", "InstanceNormalization", "BatchNormalization", "Range", "Einsum"),
        *("Pad", "CumSum", "TopK", "DequantizeLinear", "QuantizeLinear", "ConstantOfShape"),
        *("com.microsoft:FusedConv", "com.microsoft:BiasGelu", "com.microsoft:FastGelu"),
        *("com.microsoft:QuickGelu", "com.microsoft:SkipLayerNormalization"),
        *("com.microsoft:MatMulNBits", "com.microsoft:MultiHeadAttention"),
    )
)
"""Kernels of onnxruntime/core/providers/webgpu (state 2026); older releases have fewer: no
ScatterND, GridSample, TopK."""

COREML_KINDS = frozenset(
    (
        *("Add", "ArgMax", "AveragePool", "Cast", "Ceil", "Clip", "Concat", "Conv"),
        *("ConvTranspose", "Cos", "DepthToSpace", "Div", "Elu", "Erf", "Exp", "GatherND", "Gelu"),
        *("Gemm", "GlobalAveragePool", "GlobalMaxPool", "GridSample", "GroupNormalization"),
        *("HardSigmoid", "Identity", "InstanceNormalization", "LayerNormalization", "LeakyRelu"),
        *("MatMul", "Max", "MaxPool", "Mul", "PRelu", "Pow", "Range", "Reciprocal", "ReduceMax"),
        *("ReduceMean", "ReduceSum", "Relu", "Reshape", "Resize", "Round", "Shape", "Sigmoid"),
        *("Sin", "Slice", "Softmax", "Softplus", "Split", "Sqrt", "Squeeze", "Sub", "Tanh"),
        *("Tile", "Transpose", "Unsqueeze", "com.microsoft:FusedConv", "com.microsoft:QuickGelu"),
    )
)
"""tools/ci_build/github/apple/coreml_supported_mlprogram_ops.md of microsoft/onnxruntime."""
