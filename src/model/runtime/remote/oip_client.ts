import type { ServedModel, Tensor } from "../session.ts";
import type { OipAddress } from "./oip_address.ts";
import type { ServedModelFacts, ServerFacts } from "./served_facts.ts";

/** Time limit of requests that compute nothing, ms. */
export const FACTS_LIMIT_MS = 5_000;
/** Behind the error of a model that a server does not have. */
export const EXPORT_HINT = "(whence model export-repository writes its files)";

/**
 * Client of a server of the Open Inference Protocol v2 (https://github.com/kserve/open-inference-protocol).
 *
 * A request whose connection fails, or that the server is too busy for, is sent a second time.
 */
export interface OipClient {
  readonly address: OipAddress;
  /**
   * Name and version of a server that is ready.
   *
   * @throws {ModelError} when it is another kind of server.
   * @throws {UnavailableError} when it cannot be reached or is not ready.
   */
  facts(): Promise<ServerFacts>;
  /**
   * Inputs and outputs of a model that is ready.
   *
   * @throws {ModelError} when the server has no such model or version, or tensors of other types.
   * @throws {UnavailableError} when it cannot be reached or has not loaded the model yet.
   */
  model(served: ServedModel): Promise<ServedModelFacts>;
  /**
   * Runs a model.
   *
   * @param limitMs time limit of the call, both tries together.
   * @throws {ModelError} when the server rejects the request or its response is not usable.
   * @throws {UnavailableError} when it cannot be reached or does not respond in time.
   */
  infer(
    name: string,
    facts: ServedModelFacts,
    feeds: Readonly<Record<string, Tensor>>,
    limitMs: number,
  ): Promise<Record<string, Tensor>>;
  /** Closes the connections. */
  close(): void;
}
