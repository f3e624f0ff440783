import { cString, readCString } from "../../core/c_string.ts";
import { fileFaultSync } from "../../core/file_fault.ts";
import { ModelError } from "../manifest.ts";

const P = "pointer";
const B = "buffer";

type Parameters = readonly Deno.NativeType[];

/** A function that returns an `OrtStatus*`, null on success. */
function status<const T extends Parameters>(index: number, parameters: T) {
  return { index, parameters, result: P } as const;
}

/** The same, off the event loop: the memory passed to it must stay referenced until its promise settles. */
function slow<const T extends Parameters>(index: number, parameters: T) {
  return { index, parameters, result: P, nonblocking: true } as const;
}

function release(index: number) {
  return { index, parameters: [P], result: "void" } as const;
}

/**
 * The functions of ONNX Runtime's C API that are used here. Each number is a function's place in `struct OrtApi` of
 * `onnxruntime/core/session/onnxruntime_c_api.h`; that table only ever grows at its end.
 */
const FUNCTIONS = {
  GetErrorMessage: status(2, [P]),
  CreateEnv: status(3, ["i32", B, B]),
  CreateSession: slow(7, [P, B, P, B]),
  CreateSessionFromArray: slow(8, [P, B, "usize", P, B]),
  Run: slow(9, [P, P, B, B, "usize", B, "usize", B]),
  CreateSessionOptions: status(10, [B]),
  EnableProfiling: status(14, [P, B]),
  DisableMemPattern: status(17, [P]),
  SetIntraOpNumThreads: status(24, [P, "i32"]),
  SessionGetInputCount: status(30, [P, B]),
  SessionGetOutputCount: status(31, [P, B]),
  SessionGetOverridableInitializerCount: status(32, [P, B]),
  SessionGetInputTypeInfo: status(33, [P, "usize", B]),
  SessionGetOutputTypeInfo: status(34, [P, "usize", B]),
  SessionGetOverridableInitializerTypeInfo: status(35, [P, "usize", B]),
  SessionGetInputName: status(36, [P, "usize", P, B]),
  SessionGetOutputName: status(37, [P, "usize", P, B]),
  SessionGetOverridableInitializerName: status(38, [P, "usize", P, B]),
  CreateTensorWithDataAsOrtValue: status(49, [P, P, "usize", B, "usize", "i32", B]),
  GetTensorMutableData: status(51, [P, B]),
  CastTypeInfoToTensorInfo: status(55, [P, B]),
  GetTensorElementType: status(60, [P, B]),
  GetDimensionsCount: status(61, [P, B]),
  GetDimensions: status(62, [P, B, "usize"]),
  GetTensorTypeAndShape: status(65, [P, B]),
  CreateCpuMemoryInfo: status(69, ["i32", "i32", B]),
  AllocatorFree: status(76, [P, P]),
  GetAllocatorWithDefaultOptions: status(78, [B]),
  ReleaseEnv: release(92),
  ReleaseStatus: release(93),
  ReleaseMemoryInfo: release(94),
  ReleaseSession: release(95),
  ReleaseValue: release(96),
  ReleaseTypeInfo: release(98),
  ReleaseTensorTypeAndShapeInfo: release(99),
  ReleaseSessionOptions: release(100),
  SessionEndProfiling: status(110, [P, P, B]),
  AddFreeDimensionOverrideByName: status(124, [P, B, "i64"]),
  GetAvailableProviders: status(125, [B, B]),
  ReleaseAvailableProviders: status(126, [P, "i32"]),
  AddSessionConfigEntry: status(130, [P, B, B]),
  RunWithBinding: slow(133, [P, P, P]),
  CreateIoBinding: status(134, [P, B]),
  ReleaseIoBinding: release(135),
  BindInput: status(136, [P, B, P]),
  BindInputSlowly: slow(136, [P, B, P]),
  BindOutputToDevice: status(138, [P, B, P]),
  GetBoundOutputValues: status(140, [P, P, B, B]),
  SynchronizeBoundInputs: slow(202, [P]),
  SessionOptionsAppendExecutionProvider: status(216, [P, B, B, B, "usize"]),
} as const;

/** Create, update, append and release the options of one provider that has functions of its own. */
const OPTIONS_FUNCTIONS = {
  create: { parameters: [B], result: P },
  update: { parameters: [P, B, B, "usize"], result: P },
  append: { parameters: [P, P], result: P },
  release: { parameters: [P], result: "void" },
} as const;

/** Which provider each node was given to; in the table since version 1.24. */
const PLACEMENT_FUNCTIONS = {
  Session_GetEpGraphAssignmentInfo: status(407, [P, B, B]),
  EpAssignedSubgraph_GetEpName: status(408, [P, B]),
  EpAssignedSubgraph_GetNodes: status(409, [P, B, B]),
} as const;

type OptionsFunctions = {
  readonly [K in keyof typeof OPTIONS_FUNCTIONS]: Deno.UnsafeFnPointer<
    typeof OPTIONS_FUNCTIONS[K]
  >["call"];
};

type Table = Record<string, Deno.ForeignFunction & { readonly index: number }>;
type Bound<T extends Table> = { readonly [K in keyof T]: Deno.UnsafeFnPointer<T[K]>["call"] };

/** ONNX Runtime 1.16 is the first version in which `session.disable_cpu_ep_fallback` works. */
const LEAST_MINOR = 16;
const PLACEMENT_MINOR = 24;

/** One ONNX Runtime library in this process. */
export interface Ort {
  readonly path: string;
  /** Such as `1.30.0`. */
  readonly version: string;
  readonly api: Bound<typeof FUNCTIONS>;
  /** The functions at these places of the API, for the options of one provider. */
  optionsFunctions(places: Readonly<Record<keyof OptionsFunctions, number>>): OptionsFunctions;
  /** Undefined in libraries before 1.24, which do not report it. */
  readonly placement: Bound<typeof PLACEMENT_FUNCTIONS> | undefined;
  /** @throws {OrtError} when the status is not null; frees it. */
  check(status: Deno.PointerValue): void;
}

/** What sessions of one runtime share. */
export interface OrtHandles {
  readonly ort: Ort;
  readonly allocator: Deno.PointerValue;
  readonly memoryInfo: Deno.PointerValue;
}

/** An error that ONNX Runtime reported, in its own words. */
export class OrtError extends Error {
  override name = "OrtError";
}

const loaded = new Map<string, Ort>();

/**
 * Loads an ONNX Runtime library once in this process. It stays loaded, since its threads may outlive every session.
 *
 * @throws {ModelError} when the file cannot be loaded, is another library or an ONNX Runtime before 1.16.
 */
export function loadOrt(path: string): Ort {
  const known = loaded.get(path);
  if (known) return known;
  const ort = open(path);
  loaded.set(path, ort);
  return ort;
}

function open(path: string): Ort {
  const base = new Deno.UnsafePointerView(apiBase(path));
  const getApi = call(base, { index: 0, parameters: ["u32"], result: P });
  const getVersionString = call(base, { index: 1, parameters: [], result: P });
  const version = readCString(getVersionString());
  const [major, minor] = version.split(".").map(Number);
  if (major !== 1 || !(minor >= LEAST_MINOR)) {
    throw new ModelError(
      `Cannot use ${path}: ONNX Runtime must be 1.${LEAST_MINOR} or a newer 1.x, got ${version}`,
    );
  }
  pin(path);
  const wanted = minor >= PLACEMENT_MINOR ? PLACEMENT_MINOR : LEAST_MINOR;
  const functions = getApi(wanted);
  if (functions === null) {
    throw new ModelError(`Cannot use ${path}: it must have version ${wanted} of the C API`);
  }
  const api = bind(functions, FUNCTIONS);
  const check = (status: Deno.PointerValue) => {
    if (status === null) return;
    const message = readCString(api.GetErrorMessage(status));
    api.ReleaseStatus(status);
    throw new OrtError(message);
  };
  const placement = minor >= PLACEMENT_MINOR ? bind(functions, PLACEMENT_FUNCTIONS) : undefined;
  const table = new Deno.UnsafePointerView(functions);
  const optionsFunctions: Ort["optionsFunctions"] = ({ create, update, append, release }) => ({
    create: call(table, { index: create, ...OPTIONS_FUNCTIONS.create }),
    update: call(table, { index: update, ...OPTIONS_FUNCTIONS.update }),
    append: call(table, { index: append, ...OPTIONS_FUNCTIONS.append }),
    release: call(table, { index: release, ...OPTIONS_FUNCTIONS.release }),
  });
  return { path, version, api, optionsFunctions, placement, check };
}

const RTLD_NOW = 2;
const RTLD_NODELETE = 0x1000;

/**
 * Keeps a loaded library mapped until the process has ended. Deno unmaps the libraries that it opened when it exits;
 * exit handlers of the providers' libraries run after that and call into ONNX Runtime.
 */
function pin(path: string): void {
  const loader = Deno.dlopen("libdl.so.2", { dlopen: { parameters: [B, "i32"], result: P } });
  loader.symbols.dlopen(cString(path), RTLD_NOW | RTLD_NODELETE);
  loader.close();
}

function apiBase(path: string): Deno.PointerObject {
  const symbols = { OrtGetApiBase: { parameters: [], result: P } } as const;
  // The loader opens whatever a path names, and would wait for the writer of a named pipe.
  const fault = path.includes("/") ? fileFaultSync(path) : undefined;
  if (fault) throw new ModelError(`Cannot use ${path}: ${fault}`);
  let library: Deno.DynamicLibrary<typeof symbols>;
  try {
    library = Deno.dlopen(path, symbols);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new ModelError(
      /OrtGetApiBase/.test(reason)
        ? `Cannot use ${path}: it must be an ONNX Runtime library, got one without OrtGetApiBase`
        : `Cannot use ${path}: ${loaderReason(reason)}`,
      { cause },
    );
  }
  return library.symbols.OrtGetApiBase()!;
}

/** The dynamic loader's own message, without Deno's prefix. */
export function loaderReason(message: string): string {
  return message.split("\n")[0].replace(/^(Could not open library: )+/, "");
}

function bind<T extends Table>(functions: Deno.PointerObject, definitions: T): Bound<T> {
  const table = new Deno.UnsafePointerView(functions);
  return Object.fromEntries(
    Object.entries(definitions).map(([name, definition]) => [name, call(table, definition)]),
  ) as Bound<T>;
}

function call<const F extends Table[string]>(table: Deno.UnsafePointerView, definition: F) {
  const fn = new Deno.UnsafeFnPointer(table.getPointer<F>(definition.index * 8)!, definition);
  return fn.call.bind(fn);
}
