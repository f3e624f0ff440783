import type { z } from "zod";

/** Options of one provider, under the names in ONNX Runtime's documentation. */
export type ProviderOptions = Readonly<Record<string, string>>;

/**
 * How a provider is added to a session's options.
 *
 * Most providers go through `SessionOptionsAppendExecutionProvider`, under the name that it takes. Those that it does
 * not know have four functions of their own; each number is a function's place in `struct OrtApi` of
 * `onnxruntime_c_api.h`.
 */
export type AppendMethod =
  | { readonly name: string }
  | {
    readonly create: number;
    readonly update: number;
    readonly append: number;
    readonly release: number;
  };

/** The shared library that holds a provider, and the products that it needs in turn. */
export interface ProviderLibrary {
  /** File name, in the same folder as ONNX Runtime's own library. */
  readonly file: string;
  /** The product that each library belongs to, so that users know what to install. */
  readonly products: readonly (readonly [pattern: RegExp, product: string])[];
}

/** A product that a provider's library needs, as this machine has it. */
export interface Requirement {
  /** Such as `cuDNN`. */
  readonly name: string;
  /** File names of the libraries that are needed. */
  readonly needed: readonly string[];
  /** Those of them that the dynamic loader does not find or cannot load. */
  readonly missing: readonly string[];
  /** The version that was found, or libraries of other versions; undefined when there is none. */
  readonly found: string | undefined;
}

/** A model that a session is about to be created from. */
export interface PreparedModel {
  /** Path of ONNX Runtime's own library. */
  readonly ortPath: string;
  /** Its file; undefined for a graph built at load. */
  readonly path?: string;
  /** Sizes to which dynamic axes are fixed, by their names. */
  readonly axes: Readonly<Record<string, number>>;
  /** SHA-256 of the model's file or bytes, in hex. */
  hash(): Promise<string>;
}

interface ProviderFacts {
  /** In `runtime.providers`, logs and `state`. */
  readonly name: string;
  /** ONNX Runtime's own name, such as `CPUExecutionProvider`. */
  readonly ortName: string;
  /** What it is, in a few words, for the configuration reference. */
  readonly help: string;
}

/** The provider that every library has and that computes every model. */
export interface FallbackProvider extends ProviderFacts {
  readonly role: "fallback";
}

/** A provider that needs hardware, libraries or a special build of ONNX Runtime. */
export interface Accelerator<Settings extends z.ZodRawShape = z.ZodRawShape> extends ProviderFacts {
  readonly role: "accelerator";
  /** Keys that it adds to the `runtime` block of a pipeline file. Providers share a key by sharing its schema. */
  readonly settings: Settings;
  readonly append: AppendMethod;
  /** Absent for a provider that is compiled into ONNX Runtime's own library. */
  readonly library?: ProviderLibrary;
  /** Whether it computes in memory of its own, to which inputs are copied. */
  readonly hasOwnMemory?: boolean;
  /**
   * Set for a provider that compiles a model for the shapes of its inputs, at load and again for each new shape: a
   * message for users who wait for that.
   */
  readonly compiles?: string;
  /**
   * Translates a `runtime` block into options.
   *
   * @param folder the pipeline file's; relative paths start there.
   */
  options(settings: z.output<z.ZodObject<Settings>>, folder: string): ProviderOptions;
  /**
   * Called before each session that the provider is added to; returns the options for that session.
   *
   * @throws {ModelError} one line: the settings do not fit the model.
   */
  prepare?(options: ProviderOptions, model: PreparedModel): Promise<ProviderOptions>;
  /**
   * The products that its library needs, for `doctor`; empty when ONNX Runtime was built without it.
   *
   * @param library path of ONNX Runtime's own library.
   */
  requirements?(library: string): Requirement[];
  /** Whether this machine seems to have a device for it. Only decides whether to warn when it is not used. */
  hasDevice(): boolean;
}

/** An execution provider: all that the schema, the runtime, `check`, `doctor` and preflight know of it. */
export type Provider = FallbackProvider | Accelerator;
