"""Builds `app/retrieval/embedders/minilm.onnx`: the graph of all-MiniLM-L6-v2 with no weight inside.

Every weight is a reference (file name, offset, length) into the `model.safetensors` that is found at run time: the
graph is small enough to ship, and the weights stay where they were verified. Needs `onnx`; the service does not:

    uv run --no-project --with onnx python training/build_minilm_graph.py FOLDER_WITH_MODEL_SAFETENSORS
"""

import json
import struct
import sys
from pathlib import Path

import onnx
from onnx import TensorProto, helper

GRAPH = Path(__file__).parent.parent / "app/retrieval/embedders/minilm.onnx"
WEIGHTS = "model.safetensors"
LAYERS, HEADS, WIDTH, EPSILON = 6, 12, 384, 1e-12

folder = Path(sys.argv[1])
nodes: list[onnx.NodeProto] = []
tensors: list[onnx.TensorProto] = []

# -- the weights: where each one lies in the file --------------------------------------------------------------------

raw = (folder / WEIGHTS).open("rb").read(1 << 20)
(header_length,) = struct.unpack("<Q", raw[:8])
header = json.loads(raw[8 : 8 + header_length])


def weight(name: str) -> str:
    """A tensor of the file, by reference."""
    if name not in {tensor.name for tensor in tensors}:
        start, end = header[name]["data_offsets"]
        tensor = TensorProto(name=name, data_type=TensorProto.FLOAT, dims=header[name]["shape"])
        tensor.data_location = TensorProto.EXTERNAL
        for key, value in {"location": WEIGHTS, "offset": 8 + header_length + start, "length": end - start}.items():
            tensor.external_data.add(key=key, value=str(value))
        tensors.append(tensor)
    return name


def constant(name: str, values: list[int] | list[float]) -> str:
    kind = TensorProto.INT64 if isinstance(values[0], int) else TensorProto.FLOAT
    if name not in {tensor.name for tensor in tensors}:
        tensors.append(helper.make_tensor(name, kind, [len(values)], values))
    return name


def op(kind: str, *inputs: str, out: str = "", **attributes: object) -> str:
    out = out or f"{kind.lower()}_{len(nodes)}"
    nodes.append(helper.make_node(kind, list(inputs), [out], **attributes))
    return out


# -- the pieces -------------------------------------------------------------------------------------------------------


def linear(x: str, name: str) -> str:  # (N, in) -> (N, out)
    return op("Gemm", x, weight(f"{name}.weight"), weight(f"{name}.bias"), transB=1)


def norm(x: str, name: str) -> str:
    return op("LayerNormalization", x, weight(f"{name}.weight"), weight(f"{name}.bias"), axis=-1, epsilon=EPSILON)


def heads(x: str, order: list[int]) -> str:  # (B*T, W) -> (B, H, T, W/H), or its last two axes swapped
    split = op("Reshape", x, "by_head")
    return op("Transpose", split, perm=order)


def attention(x: str, name: str) -> str:  # (B*T, W) -> (B*T, W)
    query = heads(linear(x, f"{name}.self.query"), [0, 2, 1, 3])
    key = heads(linear(x, f"{name}.self.key"), [0, 2, 3, 1])
    value = heads(linear(x, f"{name}.self.value"), [0, 2, 1, 3])
    scores = op("MatMul", op("Mul", query, constant("scale", [(WIDTH // HEADS) ** -0.5])), key)  # (B, H, T, T)
    mixed = op("MatMul", op("Softmax", op("Add", scores, "bias"), axis=-1), value)  # (B, H, T, W/H)
    joined = op("Reshape", op("Transpose", mixed, perm=[0, 2, 1, 3]), constant("flat", [-1, WIDTH]))
    return linear(joined, f"{name}.output.dense")


def layer(x: str, name: str) -> str:
    x = norm(op("Add", x, attention(x, f"{name}.attention")), f"{name}.attention.output.LayerNorm")
    inner = op("Gelu", linear(x, f"{name}.intermediate.dense"))
    return norm(op("Add", x, linear(inner, f"{name}.output.dense")), f"{name}.output.LayerNorm")


# -- the graph --------------------------------------------------------------------------------------------------------

shape = op("Shape", "ids", out="shape")  # [B, T]
by_head = op("Concat", shape, constant("split", [HEADS, WIDTH // HEADS]), axis=0, out="by_head")
by_token = op("Concat", shape, constant("width", [WIDTH]), axis=0, out="by_token")

ones = op("Cast", "mask", to=TensorProto.FLOAT)  # (B, T)
outside = op("Mul", op("Sub", ones, constant("one", [1.0])), constant("far", [1e9]))  # 0 on words, -1e9 on padding
op("Unsqueeze", outside, constant("axes", [1, 2]), out="bias")  # (B, 1, 1, T)

length = op("Gather", shape, constant("second", [1]), axis=0)
places = op("Slice", weight("embeddings.position_embeddings.weight"), constant("zero", [0]), length)  # (T, W)
first_type = op("Gather", weight("embeddings.token_type_embeddings.weight"), "zero", axis=0)  # (1, W)
looked_up = op("Gather", weight("embeddings.word_embeddings.weight"), "ids", axis=0)  # (B, T, W)
summed = op("Add", op("Add", looked_up, places), first_type)
state = op("Reshape", norm(summed, "embeddings.LayerNorm"), "flat")

for number in range(LAYERS):
    state = layer(state, f"encoder.layer.{number}")

tokens = op("Reshape", state, by_token)  # (B, T, W)
kept = op("Mul", tokens, op("Unsqueeze", ones, constant("last", [-1])))
total = op("ReduceSum", kept, "second", keepdims=0)  # its length is cut to 1 next, so the mean needs no division
op("LpNormalization", total, out="vectors", axis=-1, p=2)

graph = helper.make_graph(
    nodes,
    "all-MiniLM-L6-v2",
    inputs=[helper.make_tensor_value_info(name, TensorProto.INT64, ["batch", "time"]) for name in ("ids", "mask")],
    outputs=[helper.make_tensor_value_info("vectors", TensorProto.FLOAT, ["batch", WIDTH])],
    initializer=tensors,
)
model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=9, producer_name="rail-debug")
onnx.shape_inference.infer_shapes(model, check_type=True, strict_mode=True)
GRAPH.write_bytes(model.SerializeToString())
print(f"{GRAPH}: {GRAPH.stat().st_size / 1024:.0f} kB, {len(nodes)} nodes, {len(tensors)} tensors")
