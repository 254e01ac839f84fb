"""Data-movement operators of each format: they copy values, and compute none.

Other tables with other meanings: operators that keep their input's quantization parameters
(`converters.quantization`, interpolation and pooling among them), and operators whose results are
exact in fp16 (`mobile_runtime.engines.mil_reference.operators`, ReLU and maxima among them).
"""

MIL = (
    *("slice_by_index", "slice_by_size", "slice_update", "concat", "split", "stack"),
    *("reshape", "transpose", "expand_dims", "squeeze", "tile"),
)

TFLITE = (
    *("SLICE", "STRIDED_SLICE", "PAD", "PADV2", "CONCATENATION", "TRANSPOSE", "RESHAPE", "SPLIT"),
    *("SELECT", "SELECT_V2", "GATHER", "GATHER_ND", "SCATTER_ND", "PACK", "UNPACK", "TILE"),
)

ONNX = (
    *("Slice", "Concat", "Transpose", "Reshape", "ScatterND", "ScatterElements", "Gather"),
    *("GatherND", "GatherElements", "Pad", "Expand", "Tile", "Split", "Squeeze", "Unsqueeze"),
)
