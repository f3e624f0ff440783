"""KServe's Python server with the models of a Triton model repository: REPOSITORY PORT GRPC_PORT.

KServe listens on all addresses and has no option for that.
"""

import sys

from kserve import InferOutput, InferRequest, InferResponse, Model, ModelServer
from served_repository import RepositoryModel, read_repository


class OnnxModel(Model):
    """A model of the repository."""

    def __init__(self, served: RepositoryModel):
        super().__init__(served.name)
        self.served = served
        self.ready = True

    def get_input_types(self):
        return self.served.inputs

    def get_output_types(self):
        return self.served.outputs

    def predict(self, payload: InferRequest, headers=None, response_headers=None):
        outputs = []
        for name, values in self.served.run({t.name: t.as_numpy() for t in payload.inputs}):
            output = InferOutput(name, list(values.shape), "FP32")
            output.set_data_from_numpy(values, binary_data=True)
            outputs.append(output)
        wanted = payload.request_outputs
        return InferResponse(payload.id, self.name, outputs, requested_outputs=wanted)


if __name__ == "__main__":
    repository, port, grpc_port = sys.argv[1:]
    models = [OnnxModel(served) for served in read_repository(repository)]
    ModelServer(http_port=int(port), grpc_port=int(grpc_port), workers=1).start(models)
