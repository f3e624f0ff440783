import { cString } from "../../src/core/c_string.ts";
import { compileLibrary } from "../support/compile_library.ts";

/** Functions in `struct _GstVideoDecoderClass` before `handle_frame`, behind the class of elements. */
const BEFORE_HANDLE_FRAME = 8;

/**
 * A decoder that is `vp8dec` under another name, and fails after `frames_left` frames: with the error message of a decoder if
 * `with_message` is set, else only with the flow error that its upstream then reports.
 */
const CODE = `
typedef unsigned long GType;
typedef int (*HandleFrame)(void *, void *);
extern int gst_element_register(void *, const char *, unsigned, GType);
extern void *gst_element_factory_find(const char *);
extern void *gst_plugin_feature_load(void *);
extern GType gst_element_factory_get_element_type(void *);
extern unsigned gst_stream_error_quark(void);
extern void gst_element_message_full(void *, int, unsigned, int, char *, char *, const char *, const char *, int);
extern char *g_strdup(const char *);
extern GType g_type_register_static_simple(GType, const char *, unsigned, void *, unsigned, void *, int);
struct Query { GType type; const char *name; unsigned class_size, instance_size; };
extern void g_type_query(GType, struct Query *);
extern GType gst_element_get_type(void);
extern void gst_element_class_set_metadata(void *, const char *, const char *, const char *, const char *);

int frames_left = 1 << 30, with_message;
static HandleFrame decode;
static const char *class_text;

static int handle_frame(void *decoder, void *frame) {
  if (frames_left-- > 0) return decode(decoder, frame);
  if (with_message)
    gst_element_message_full(decoder, 2, gst_stream_error_quark(), 7, g_strdup("no more sessions"), 0, "", "", 0);
  return -5;
}

static void class_init(char *class, void *data) {
  struct Query element;
  g_type_query(gst_element_get_type(), &element);
  HandleFrame *place = (HandleFrame *)(class + element.class_size) + ${BEFORE_HANDLE_FRAME};
  decode = *place;
  *place = handle_frame;
  gst_element_class_set_metadata(class, "Stub", class_text, "Decodes VP8", "Whence");
}

int register_stub(const char *decoder, const char *converter, const char *class) {
  class_text = class;
  GType parent = gst_element_factory_get_element_type(gst_plugin_feature_load(gst_element_factory_find("vp8dec")));
  struct Query query;
  g_type_query(parent, &query);
  GType type = g_type_register_static_simple(parent, decoder, query.class_size, class_init, query.instance_size, 0, 0);
  GType convert = gst_element_factory_get_element_type(gst_plugin_feature_load(gst_element_factory_find("identity")));
  return gst_element_register(0, decoder, 0, type) && gst_element_register(0, converter, 0, convert);
}
`;

/** Names under which loaders find GStreamer. */
const NEEDS = ["gstreamer-1.0", "gobject-2.0", "glib-2.0"];

/** A hardware decoder that exists only in this process. GStreamer must be loaded. */
export class StubDecoder {
  readonly #library: Deno.DynamicLibrary<typeof SYMBOLS>;

  private constructor(library: Deno.DynamicLibrary<typeof SYMBOLS>) {
    this.#library = library;
  }

  /** Registers a decoder of VP8 and a converter, both of rank 0, for the rest of the process. */
  static async register(
    path: string,
    names: {
      readonly decoder: string;
      readonly converter: string;
      /** Its class in GStreamer. */
      readonly type: string;
    },
  ): Promise<StubDecoder> {
    const [decoder, converter, type] = [names.decoder, names.converter, names.type].map(cString);
    const libraries = NEEDS.map((name) => `-l:lib${name}.so.0`);
    const library = Deno.dlopen(await compileLibrary(path, CODE, libraries), SYMBOLS);
    if (library.symbols.register_stub(decoder, converter, type) === 0) {
      throw new Error("the stub cannot be registered");
    }
    return new StubDecoder(library);
  }

  /** Fails after so many more frames. */
  failAfter(frames: number, how: { readonly message: boolean }): void {
    this.#set("frames_left", frames);
    this.#set("with_message", how.message ? 1 : 0);
  }

  #set(name: "frames_left" | "with_message", value: number): void {
    const pointer = this.#library.symbols[name]!;
    const bytes = Deno.UnsafePointerView.getArrayBuffer(pointer, 4);
    new Int32Array(bytes)[0] = value;
  }
}

const SYMBOLS = {
  register_stub: { parameters: ["buffer", "buffer", "buffer"], result: "i32" },
  frames_left: { type: "pointer" },
  with_message: { type: "pointer" },
} as const;
