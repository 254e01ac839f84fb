"""ONNX operators that onnxruntime knows, and those that its CoreML provider takes."""

ORT_DOMAINS = frozenset(("ai.onnx.ml", "com.microsoft", "com.microsoft.nchwc"))
"""Besides ONNX's own; onnxruntime is built with them."""

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
