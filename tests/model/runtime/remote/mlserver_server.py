"""MLServer with the models of a Triton model repository: REPOSITORY PORT GRPC_PORT."""

import asyncio
import sys

from mlserver import MLModel, MLServer, ModelSettings, Settings
from mlserver.codecs import NumpyCodec
from mlserver.types import InferenceRequest, InferenceResponse, MetadataTensor
from served_repository import read_repository

repository, port, grpc_port = sys.argv[1:]
MODELS = {served.name: served for served in read_repository(repository)}


class OnnxModel(MLModel):
    """A model of the repository."""

    async def load(self) -> bool:
        served = MODELS[self.name]
        self.inputs = [MetadataTensor(**tensor) for tensor in served.inputs]
        self.outputs = [MetadataTensor(**tensor) for tensor in served.outputs]
        return True

    async def predict(self, payload: InferenceRequest) -> InferenceResponse:
        feeds = {tensor.name: NumpyCodec.decode_input(tensor) for tensor in payload.inputs}
        outputs = [NumpyCodec.encode_output(name, a) for name, a in MODELS[self.name].run(feeds)]
        return InferenceResponse(model_name=self.name, outputs=outputs)


async def main():
    settings = Settings(
        host="127.0.0.1",
        http_port=int(port),
        grpc_port=int(grpc_port),
        grpc_max_message_length=-1,
        metrics_endpoint=None,
        parallel_workers=0,
    )
    models = [ModelSettings(name=name, implementation=OnnxModel) for name in MODELS]
    await MLServer(settings).start(models)


if __name__ == "__main__":
    asyncio.run(main())
