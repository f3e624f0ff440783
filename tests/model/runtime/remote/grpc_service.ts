import { fileURLToPath } from "node:url";
import protobuf from "protobufjs";

const { root } = protobuf.parse(
  Deno.readTextFileSync(fileURLToPath(new URL("open_inference_grpc.proto", import.meta.url))),
);
const SERVICE = root.lookupService("inference.GRPCInferenceService");

/** Codes of a call's status. */
export const STATUS = { INVALID_ARGUMENT: 3, NOT_FOUND: 5, UNIMPLEMENTED: 12, UNAVAILABLE: 14 };

/** A call that ends with a status. */
export class StatusError extends Error {
  readonly code: number;

  constructor(code: number, message: string) {
    super(message);
    this.code = code;
  }
}

/** A tensor in a request or response. */
export interface GrpcTensor {
  readonly name: string;
  readonly datatype: string;
  readonly shape: readonly number[];
  readonly contents?: { readonly fp32Contents: readonly number[] };
}

/** What a client sends for an inference. */
export interface InferRequest {
  readonly modelName: string;
  readonly modelVersion: string;
  readonly inputs: readonly GrpcTensor[];
  readonly rawInputContents: readonly Uint8Array[];
}

/** The name of the method that a request calls; undefined for a request that is not gRPC. */
export function calledMethod(request: Request): string | undefined {
  const { pathname } = new URL(request.url);
  const isGrpc = request.method === "POST" &&
    request.headers.get("content-type") === "application/grpc" &&
    request.headers.get("te") === "trailers";
  return isGrpc ? /^\/inference\.GRPCInferenceService\/(\w+)$/.exec(pathname)?.[1] : undefined;
}

/**
 * Answers one call. Deno cannot send trailers, so that a result comes without its status, and a fault with headers alone.
 *
 * @param work computes the result's fields from the request's.
 */
export async function answerCall(
  request: Request,
  name: string,
  work: (fields: Record<string, unknown>) => Promise<object> | object,
): Promise<Response> {
  const headers = { "content-type": "application/grpc" };
  try {
    const method = SERVICE.methods[name];
    if (method === undefined) throw new StatusError(STATUS.UNIMPLEMENTED, "unknown method");
    method.resolve();
    const body = new Uint8Array(await request.arrayBuffer());
    const fields = method.resolvedRequestType!.toObject(
      method.resolvedRequestType!.decode(body.subarray(5)),
      { longs: Number, defaults: true, arrays: true },
    );
    const message = method.resolvedResponseType!;
    const bytes = message.encode(message.fromObject(await work(fields))).finish();
    const framed = new Uint8Array(5 + bytes.length);
    new DataView(framed.buffer).setUint32(1, bytes.length);
    framed.set(bytes, 5);
    return new Response(framed, { headers });
  } catch (error) {
    if (!(error instanceof StatusError)) throw error;
    return new Response(null, {
      headers: {
        ...headers,
        "grpc-status": String(error.code),
        "grpc-message": encodeURIComponent(error.message),
      },
    });
  }
}
