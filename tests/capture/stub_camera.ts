import { readCString } from "../../src/core/c_string.ts";
import { compileLibrary } from "../support/compile_library.ts";

/** `libcamerasrc` that is a live `videotestsrc` with the property `camera-name`. */
const CODE = `
typedef unsigned long GType;
struct Query { GType type; const char *name; unsigned class_size, instance_size; };
struct ObjectClass { GType type; void *construct_properties, *constructor;
  void (*set_property)(void *, unsigned, const void *, void *); };
extern void g_type_query(GType, struct Query *);
extern GType g_type_register_static_simple(GType, const char *, unsigned, void *, unsigned, void *, int);
extern void g_object_set(void *, const char *, ...);
extern void g_object_class_install_property(void *, unsigned, void *);
extern void *g_param_spec_string(const char *, const char *, const char *, const char *, int);
extern const char *g_value_get_string(const void *);
extern void *gst_element_factory_find(const char *);
extern void *gst_plugin_feature_load(void *);
extern GType gst_element_factory_get_element_type(void *);
extern int gst_element_register(void *, const char *, unsigned, GType);

char camera_name[256];

static void set_property(void *object, unsigned id, const void *value, void *spec) {
  const char *name = g_value_get_string(value);
  int i = 0;
  for (; name[i] && i < 255; i++) camera_name[i] = name[i];
  camera_name[i] = 0;
}

static void class_init(struct ObjectClass *class, void *data) {
  class->set_property = set_property;
  g_object_class_install_property(class, 1, g_param_spec_string("camera-name", "", "", 0, 2));
}

static void init(void *object, void *class) { g_object_set(object, "is-live", 1, (void *)0); }

int register_camera(void) {
  GType parent = gst_element_factory_get_element_type(gst_plugin_feature_load(gst_element_factory_find("videotestsrc")));
  struct Query query;
  g_type_query(parent, &query);
  GType type =
    g_type_register_static_simple(parent, "StubCamera", query.class_size, class_init, query.instance_size, init, 0);
  return gst_element_register(0, "libcamerasrc", 0, type);
}
`;

const SYMBOLS = {
  register_camera: { parameters: [], result: "i32" },
  camera_name: { type: "pointer" },
} as const;

/** A camera of libcamera that exists only in this process. GStreamer must be loaded. */
export class StubCamera {
  readonly #library: Deno.DynamicLibrary<typeof SYMBOLS>;

  private constructor(library: Deno.DynamicLibrary<typeof SYMBOLS>) {
    this.#library = library;
  }

  /** Registers `libcamerasrc` for the rest of the process. */
  static async register(path: string): Promise<StubCamera> {
    const needs = ["gstreamer-1.0", "gobject-2.0"].map((name) => `-l:lib${name}.so.0`);
    const library = Deno.dlopen(await compileLibrary(path, CODE, needs), SYMBOLS);
    if (library.symbols.register_camera() === 0) throw new Error("the stub cannot be registered");
    return new StubCamera(library);
  }

  /** The value that `camera-name` was given last. */
  get cameraName(): string {
    return readCString(this.#library.symbols.camera_name);
  }
}
