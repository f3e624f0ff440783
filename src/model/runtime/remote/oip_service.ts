import { loadPackageDefinition, type ServiceDefinition } from "@grpc/grpc-js";
import { fromJSON } from "@grpc/proto-loader";

const string = (id: number) => ({ type: "string", id });
const bool = (id: number) => ({ type: "bool", id });
const repeated = (type: string, id: number) => ({ rule: "repeated", type, id });

/** A tensor's name, element type and shape: the same in metadata, requests and responses. */
const TENSOR = { name: string(1), datatype: string(2), shape: repeated("int64", 3) };
const NAME_AND_VERSION = { name: string(1), version: string(2) };

/**
 * The part of the protocol's gRPC service that is used here, in protobuf.js's JSON form
 * (https://github.com/kserve/open-inference-protocol, `open_inference_grpc.proto`). Only types and numbers are sent.
 */
const PROTOCOL = {
  nested: {
    inference: {
      nested: {
        GRPCInferenceService: {
          methods: {
            ServerReady: { requestType: "Nothing", responseType: "Ready" },
            ServerMetadata: { requestType: "Nothing", responseType: "ServerMetadata" },
            ModelReady: { requestType: "ModelVersion", responseType: "Ready" },
            ModelMetadata: { requestType: "ModelVersion", responseType: "ModelMetadata" },
            ModelInfer: { requestType: "InferRequest", responseType: "InferResponse" },
          },
        },
        Nothing: { fields: {} },
        Ready: { fields: { ready: bool(1) } },
        ServerMetadata: { fields: NAME_AND_VERSION },
        ModelVersion: { fields: NAME_AND_VERSION },
        ModelMetadata: {
          fields: {
            name: string(1),
            versions: repeated("string", 2),
            inputs: repeated("Tensor", 4),
            outputs: repeated("Tensor", 5),
          },
        },
        InferRequest: {
          fields: {
            modelName: string(1),
            modelVersion: string(2),
            id: string(3),
            inputs: repeated("Tensor", 5),
            outputs: repeated("RequestedOutput", 6),
            rawInputContents: repeated("bytes", 7),
          },
        },
        RequestedOutput: { fields: { name: string(1) } },
        InferResponse: {
          fields: {
            modelName: string(1),
            modelVersion: string(2),
            id: string(3),
            outputs: repeated("Tensor", 5),
            rawOutputContents: repeated("bytes", 6),
          },
        },
        Tensor: { fields: { ...TENSOR, contents: { type: "Contents", id: 5 } } },
        Contents: {
          fields: {
            int64Contents: repeated("int64", 3),
            uintContents: repeated("uint32", 4),
            fp32Contents: repeated("float", 6),
          },
        },
      },
    },
  },
};

/** A tensor in a request or response; `contents` only of servers that do not send bytes. */
export interface GrpcTensor {
  readonly name: string;
  readonly datatype: string;
  readonly shape: readonly number[];
  readonly contents?: {
    readonly int64Contents?: readonly number[];
    readonly uintContents?: readonly number[];
    readonly fp32Contents?: readonly number[];
  } | null;
}

/** An inference request; the bytes of each input are in the same place of `rawInputContents`. */
export interface GrpcInferRequest {
  readonly modelName: string;
  readonly modelVersion: string;
  readonly id: string;
  readonly inputs: readonly GrpcTensor[];
  readonly outputs: readonly { readonly name: string }[];
  readonly rawInputContents: readonly Uint8Array[];
}

/** An inference response; the bytes of each output are in the same place of `rawOutputContents`, or there are none. */
export interface GrpcInferResponse {
  readonly outputs: readonly GrpcTensor[];
  readonly rawOutputContents: readonly Uint8Array[];
}

/** The service's methods, with their encoders and decoders: for the client, and for a test's server. */
export function inferenceService(): ServiceDefinition {
  const options = { longs: Number, defaults: true, arrays: true };
  const { inference } = loadPackageDefinition(
    fromJSON(PROTOCOL as Parameters<typeof fromJSON>[0], options),
  ) as unknown as {
    inference: { GRPCInferenceService: { service: ServiceDefinition } };
  };
  return inference.GRPCInferenceService.service;
}

/** Limits of grpc-js's messages (4 MiB) off: features of a large picture are larger. */
export const MESSAGE_LIMITS = {
  "grpc.max_receive_message_length": -1,
  "grpc.max_send_message_length": -1,
};
