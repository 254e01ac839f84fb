"""One fact of a model file changed, so that the rest contradicts it; by suffix and name."""

import json

import flatbuffers
import onnx
from ai_edge_litert import schema_py_generated as schema
from coremltools.proto import Model_pb2

SIZES = (0, 1, 2, 7, 2**15, 2**24, 2**31 - 1)
SIGNED = (*SIZES, -1, -(2**31))
HUGE = (*SIGNED, 2**40, 2**62, -(2**63))
OUTSIDE = "../../../../../outside.bin"
TORN = "no\u2028w\u2029he\x85re"
"""A name that `str.splitlines` cuts into four, in the words of an engine too."""


def in_tflite(change):
    """Change an unpacked model; `change(model, graph, random)`."""

    def changed(path, random):
        model = schema.ModelT.InitFromPackedBuf(path.read_bytes(), 0)
        change(model, model.subgraphs[0], random)
        builder = flatbuffers.Builder(1024)
        builder.Finish(model.Pack(builder), b"TFL3")
        path.write_bytes(bytes(builder.Output()))

    return changed


def in_onnx(change):
    """Change an unpacked model; `change(graph, random)`."""

    def changed(path, random):
        model = onnx.ModelProto.FromString(path.read_bytes())
        change(model.graph, random)
        path.write_bytes(model.SerializeToString())

    return changed


def in_coreml(change):
    """Change an unpacked specification; `change(model, operations, random)`."""

    def changed(path, random):
        specification = next(path.rglob("*.mlmodel"))
        model = Model_pb2.Model.FromString(specification.read_bytes())
        (function,) = model.mlProgram.functions.values()
        (block,) = function.block_specializations.values()
        change(model, block.operations, random)
        specification.write_bytes(model.SerializeToString())

    return changed


def put(values, random, choices):
    """Put one of the choices in place of one of the values, if there are any."""
    if len(values):
        values[random.randrange(len(values))] = random.choice(choices)


def put_in(holder, name, random, choices):
    """The same for a vector of a flatbuffer, which cannot be written to, or is left out."""
    values = [] if getattr(holder, name) is None else list(getattr(holder, name))
    put(values, random, choices)
    setattr(holder, name, values)


def tensor_shape(model, graph, random):
    put_in(random.choice(graph.tensors), "shape", random, SIGNED)


def tensor_type(model, graph, random):
    random.choice(graph.tensors).type = random.randrange(20)


def tensor_buffer(model, graph, random):
    random.choice(graph.tensors).buffer = random.choice([*SIZES, len(model.buffers) - 1])


def operator_input(model, graph, random):
    put_in(random.choice(graph.operators), "inputs", random, [*SIGNED, *range(9)])


def operator_output(model, graph, random):
    put_in(random.choice(graph.operators), "outputs", random, [*SIGNED, *range(9)])


def operator_code(model, graph, random):
    random.choice(graph.operators).opcodeIndex = random.choice(SIZES)


def operator_kind(model, graph, random):
    code = random.choice(model.operatorCodes)
    code.builtinCode = random.randrange(210)
    code.deprecatedBuiltinCode = min(code.builtinCode, 127)


def constant_cut(model, graph, random):
    buffer = random.choice([buffer for buffer in model.buffers if buffer.data is not None])
    buffer.data = buffer.data[: len(buffer.data) // 2]


def constant_values(model, graph, random):
    """Such as the paddings of a PAD, and where a SLICE begins."""
    small = [b for b in model.buffers if b.data is not None and 0 < len(b.data) <= 64]
    buffer = random.choice(small)
    buffer.data = list(random.randbytes(len(buffer.data)))


def graph_ports(model, graph, random):
    put_in(graph, random.choice(["inputs", "outputs"]), random, SIGNED)


def initializer_shape(graph, random):
    put(random.choice(graph.initializer).dims, random, HUGE)


def initializer_type(graph, random):
    random.choice(graph.initializer).data_type = random.randrange(30)


def initializer_cut(graph, random):
    tensor = random.choice(graph.initializer)
    tensor.raw_data = tensor.raw_data[: len(tensor.raw_data) // 2]


def initializer_elsewhere(graph, random):
    tensor = random.choice(graph.initializer)
    tensor.ClearField("raw_data")
    tensor.data_location = onnx.TensorProto.EXTERNAL
    for key, value in (("location", OUTSIDE), ("offset", "0"), ("length", str(2**40))):
        tensor.external_data.add(key=key, value=value)


def node_input(graph, random):
    names = [name for node in graph.node for name in node.output]
    put(random.choice(graph.node).input, random, [*names, "", TORN])


def node_kind(graph, random):
    kinds = ("Loop", "If", "Tile", "Expand", "Resize", "Gather", TORN, "")
    random.choice(graph.node).op_type = random.choice(kinds)


def node_numbers(graph, random):
    numbers = [a.ints for node in graph.node for a in node.attribute if a.ints]
    put(random.choice(numbers), random, HUGE)


def input_shape(graph, random):
    random.choice(graph.input[0].type.tensor_type.shape.dim).dim_value = random.choice(HUGE)


def package_path(path, random):
    manifest = path / "Manifest.json"
    tree = json.loads(manifest.read_text())
    for item in tree["itemInfoEntries"].values():
        item["path"] = random.choice([OUTSIDE, "/etc/hostname", "", ".", "\0", "x" * 9999])
    manifest.write_text(json.dumps(tree))


def value_shape(model, operations, random):
    dimensions = random.choice(operations).outputs[0].type.tensorType.dimensions
    if dimensions:
        random.choice(dimensions).constant.size = random.choice(SIZES)


def input_size(model, operations, random):
    kind = random.choice([*model.description.input, *model.description.output]).type
    if kind.HasField("imageType"):
        setattr(kind.imageType, random.choice(["width", "height"]), random.choice(HUGE))
    else:
        put(kind.multiArrayType.shape, random, HUGE)


def weights(operations):
    """The places of all values that lie in a weight file."""
    return [
        value.blobFileValue
        for operation in operations
        for value in operation.attributes.values()
        if value.HasField("blobFileValue")
    ]


def weight_offset(model, operations, random):
    random.choice(weights(operations)).offset = random.choice([*SIZES, 2**40, 2**64 - 1])


def weight_file(model, operations, random):
    random.choice(weights(operations)).fileName = random.choice(
        [f"@model_path/{OUTSIDE}", "/etc/hostname", "", "\0", "@model_path/../weights"]
    )


def operation_kind(model, operations, random):
    random.choice(operations).type = random.choice(["tile", "gather", "while_loop", "", TORN])


def operation_input(model, operations, random):
    inputs = [a for op in operations for a in op.inputs.values() if a.arguments]
    names = [output.name for op in operations for output in op.outputs]
    random.choice(inputs).arguments[0].name = random.choice([*names, "", TORN])


def constant_values_in_coreml(model, operations, random):
    """Such as the strides of a convolution, and where a slice begins."""
    numbers = [
        value.immediateValue.tensor.ints.values
        for operation in operations
        for value in operation.attributes.values()
        if value.immediateValue.tensor.HasField("ints")
    ]
    put(random.choice(numbers), random, SIGNED)


def named(wrap, *changes):
    return {change.__name__: wrap(change) for change in changes}


INCONSISTENCIES = {
    ".tflite": named(
        in_tflite,
        *(tensor_shape, tensor_type, tensor_buffer, operator_input, operator_output),
        *(operator_code, operator_kind, constant_cut, constant_values, graph_ports),
    ),
    ".onnx": named(
        in_onnx,
        *(initializer_shape, initializer_type, initializer_cut, initializer_elsewhere),
        *(node_input, node_kind, node_numbers, input_shape),
    ),
    ".mlpackage": {
        "package_path": package_path,
        **named(
            in_coreml,
            *(value_shape, input_size, weight_offset, weight_file, operation_kind),
            *(operation_input, constant_values_in_coreml),
        ),
    },
}
