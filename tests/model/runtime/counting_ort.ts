import { findNodeLibrary } from "../../../src/model/runtime/node_library.ts";
import { compileLibrary } from "../../support/compile_library.ts";

/** ONNX Runtime behind a table of functions that counts some calls, and can refuse bound runs. */
const code = (library: string) => `
struct Base { void **(*get_api)(unsigned); const char *(*version)(void); };
extern void *dlopen(const char *, int), *dlsym(void *, const char *);
static struct Base *base;
static void **real, *table[411];
int runs, bound_runs, bound_inputs, refuses;

static void *run(void *session, void *options, void *names, void *values, unsigned long count, void *out_names,
                 unsigned long out_count, void *out) {
  __atomic_add_fetch(&runs, 1, 5);
  return ((void *(*)(void *, void *, void *, void *, unsigned long, void *, unsigned long, void *))real[9])(
    session, options, names, values, count, out_names, out_count, out);
}

static void *run_bound(void *session, void *options, void *binding) {
  __atomic_add_fetch(&bound_runs, 1, 5);
  if (refuses) return ((void *(*)(int, const char *))real[0])(1, "no binding");
  return ((void *(*)(void *, void *, void *))real[133])(session, options, binding);
}

static void *bind_input(void *binding, const char *name, void *value) {
  __atomic_add_fetch(&bound_inputs, 1, 5);
  return ((void *(*)(void *, const char *, void *))real[136])(binding, name, value);
}

static void **get_api(unsigned version) {
  real = base->get_api(version);
  if (!real) return real;
  for (int i = 0; i < 411; i++) table[i] = real[i];
  table[9] = run;
  table[133] = run_bound;
  table[136] = bind_input;
  return table;
}

struct Base *OrtGetApiBase(void) {
  static struct Base own;
  void *library = dlopen("${library}", 2);
  base = ((struct Base * (*)(void)) dlsym(library, "OrtGetApiBase"))();
  own.get_api = get_api;
  own.version = base->version;
  return &own;
}
`;

const SYMBOLS = {
  runs: { type: "pointer" },
  bound_runs: { type: "pointer" },
  bound_inputs: { type: "pointer" },
  refuses: { type: "pointer" },
} as const;

/** What a run of the session's library was asked for, since the last look. */
export interface Calls {
  readonly runs: number;
  readonly boundRuns: number;
  readonly boundInputs: number;
}

/** The ONNX Runtime of onnxruntime-node, with counters. */
export class CountingOrt {
  readonly #library: Deno.DynamicLibrary<typeof SYMBOLS>;

  private constructor(readonly path: string) {
    this.#library = Deno.dlopen(path, SYMBOLS);
  }

  /** @param path of the library to write. */
  static async make(path: string): Promise<CountingOrt> {
    return new CountingOrt(
      await compileLibrary(path, code(findNodeLibrary()), ["-l:libdl.so.2"]),
    );
  }

  /** Makes bound runs fail from now on. */
  refuseBindings(): void {
    this.#replace("refuses", 1);
  }

  /** The calls since the last look. */
  take(): Calls {
    return {
      runs: this.#replace("runs", 0),
      boundRuns: this.#replace("bound_runs", 0),
      boundInputs: this.#replace("bound_inputs", 0),
    };
  }

  /** Sets a counter; returns its former value. */
  #replace(name: keyof typeof SYMBOLS, value: number): number {
    const pointer = this.#library.symbols[name]!;
    const cell = new Int32Array(Deno.UnsafePointerView.getArrayBuffer(pointer, 4));
    const former = cell[0];
    cell[0] = value;
    return former;
  }
}
