"""KServe's Python server with the models of a Triton model repository, computed by onnxruntime: REPOSITORY PORT GRPC_PORT.

KServe listens on all addresses and has no option for that.
"""

import importlib.util
import pathlib
import sys

import onnxruntime
from google.protobuf import text_format
from kserve import InferOutput, InferRequest, InferResponse, Model, ModelServer


def triton_schema():
    """Triton's schema of config.pbtxt alone: the rest of the package has the same names as KServe's own messages."""
    package = importlib.util.find_spec("tritonclient").submodule_search_locations[0]
    file = pathlib.Path(package, "grpc", "model_config_pb2.py")
    spec = importlib.util.spec_from_file_location("model_config_pb2", file)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


model_config_pb2 = triton_schema()
DATATYPES = {"TYPE_UINT8": "UINT8", "TYPE_FP32": "FP32", "TYPE_INT64": "INT64"}


class OnnxModel(Model):
    """One folder of the repository, described by its config.pbtxt."""

    def __init__(self, folder: pathlib.Path):
        # Triton's own schema: an unknown field or a wrong type is an error.
        text = (folder / "config.pbtxt").read_text()
        self.config = text_format.Parse(text, model_config_pb2.ModelConfig())
        super().__init__(self.config.name)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        graph = next(folder.glob("*/model.onnx"))
        self.session = onnxruntime.InferenceSession(str(graph), options)
        self.ready = True

    def tensors(self, configs):
        batch = [-1] if self.config.max_batch_size > 0 else []
        return [
            {
                "name": tensor.name,
                "datatype": DATATYPES[model_config_pb2.DataType.Name(tensor.data_type)],
                "shape": batch + list(tensor.dims),
            }
            for tensor in configs
        ]

    def get_input_types(self):
        return self.tensors(self.config.input)

    def get_output_types(self):
        return self.tensors(self.config.output)

    def predict(self, payload: InferRequest, headers=None, response_headers=None):
        feeds = {tensor.name: tensor.as_numpy() for tensor in payload.inputs}
        outputs = []
        for info, values in zip(self.session.get_outputs(), self.session.run(None, feeds)):
            output = InferOutput(info.name, list(values.shape), "FP32")
            output.set_data_from_numpy(values, binary_data=True)
            outputs.append(output)
        wanted = payload.request_outputs
        return InferResponse(payload.id, self.name, outputs, requested_outputs=wanted)


if __name__ == "__main__":
    repository, port, grpc_port = sys.argv[1:]
    models = [OnnxModel(folder) for folder in sorted(pathlib.Path(repository).iterdir())]
    ModelServer(http_port=int(port), grpc_port=int(grpc_port), workers=1).start(models)
