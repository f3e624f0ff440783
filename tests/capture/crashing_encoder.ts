import { gstreamerVersion } from "../../src/capture/inspect.ts";
import { compileLibrary } from "../support/compile_library.ts";

/** Functions in `struct _GstVideoEncoderClass` before `handle_frame`, behind the class of elements. */
const BEFORE_HANDLE_FRAME = 5;

/** A plugin with `crashjpegenc`: an encoder that crashes at its first frame. */
const code = (major: string, minor: string) => `
typedef unsigned long GType;
struct Query { GType type; const char *name; unsigned class_size, instance_size; };
struct Template { const char *name; int direction, presence; void *caps; const char *text; void *reserved[4]; };
extern void g_type_query(GType, struct Query *);
extern GType g_type_register_static_simple(GType, const char *, unsigned, void *, unsigned, void *, int);
extern GType gst_element_get_type(void), gst_video_encoder_get_type(void);
extern int gst_element_register(void *, const char *, unsigned, GType);
extern void gst_element_class_add_static_pad_template(void *, struct Template *);
extern void gst_element_class_set_metadata(void *, const char *, const char *, const char *, const char *);

static struct Template source = { "src", 1, 0, 0, "image/jpeg", {0} };
static struct Template sink = { "sink", 2, 0, 0, "video/x-raw,format=I420", {0} };

static int handle_frame(void *encoder, void *frame) { *(volatile int *)0 = 0; return 0; }

static void class_init(char *class, void *data) {
  struct Query element;
  g_type_query(gst_element_get_type(), &element);
  *((void **)(class + element.class_size) + ${BEFORE_HANDLE_FRAME}) = handle_frame;
  gst_element_class_add_static_pad_template(class, &source);
  gst_element_class_add_static_pad_template(class, &sink);
  gst_element_class_set_metadata(class, "Crash", "Codec/Encoder/Image", "Crashes", "Whence");
}

static int init(void *plugin) {
  GType parent = gst_video_encoder_get_type();
  struct Query query;
  g_type_query(parent, &query);
  GType type =
    g_type_register_static_simple(parent, "CrashJpegEnc", query.class_size, class_init, query.instance_size, 0, 0);
  return gst_element_register(plugin, "crashjpegenc", 0, type);
}

struct { int major, minor; const char *name, *description; int (*init)(void *);
  const char *version, *license, *source, *package, *origin, *date; void *reserved[4]; } gst_plugin_desc =
  { ${major}, ${minor}, "crash", "Crashes", init, "1.0", "LGPL", "whence", "whence", "https://example.org", 0, {0} };
`;

/** Writes the plugin into a folder for `GST_PLUGIN_PATH`. */
export async function writeCrashingEncoder(folder: string): Promise<void> {
  const [major, minor] = (await gstreamerVersion()).split(".");
  const needs = ["gstvideo-1.0", "gstreamer-1.0", "gobject-2.0"].map((name) =>
    `-l:lib${name}.so.0`
  );
  await compileLibrary(`${folder}/libgstcrash.so`, code(major, minor), needs);
}
