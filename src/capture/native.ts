import { readCString } from "../core/c_string.ts";
import { withDeadline } from "../core/deadline.ts";
import { CaptureError } from "./capture_error.ts";
import { OFFSETS } from "./struct_offsets.ts";

const GSTREAMER = {
  gst_init_check: {
    parameters: ["pointer", "pointer", "buffer"],
    result: "i32",
    nonblocking: true,
  },
  gst_update_registry: { parameters: [], result: "i32", nonblocking: true },
  gst_version: { parameters: ["buffer", "buffer", "buffer", "buffer"], result: "void" },
  gst_parse_launch: { parameters: ["buffer", "buffer"], result: "pointer", nonblocking: true },
  gst_bin_get_by_name: { parameters: ["pointer", "buffer"], result: "pointer" },
  // Its address: GStreamer calls it on a thread of its own.
  gst_element_set_state: { type: "pointer" },
  gst_element_call_async: {
    parameters: ["pointer", "pointer", "pointer", "pointer"],
    result: "void",
  },
  gst_element_get_state: { parameters: ["pointer", "buffer", "buffer", "u64"], result: "i32" },
  gst_element_query_duration: { parameters: ["pointer", "i32", "buffer"], result: "i32" },
  gst_element_get_base_time: { parameters: ["pointer"], result: "u64" },
  gst_element_get_bus: { parameters: ["pointer"], result: "pointer" },
  gst_element_get_factory: { parameters: ["pointer"], result: "pointer" },
  gst_element_get_static_pad: { parameters: ["pointer", "buffer"], result: "pointer" },
  gst_element_factory_find: { parameters: ["buffer"], result: "pointer" },
  gst_element_factory_get_metadata: { parameters: ["pointer", "buffer"], result: "pointer" },
  gst_plugin_feature_set_rank: { parameters: ["pointer", "u32"], result: "void" },
  gst_bin_iterate_recurse: { parameters: ["pointer"], result: "pointer" },
  gst_iterator_next: { parameters: ["pointer", "buffer"], result: "i32" },
  gst_iterator_free: { parameters: ["pointer"], result: "void" },
  gst_pipeline_use_clock: { parameters: ["pointer", "pointer"], result: "void" },
  gst_system_clock_obtain: { parameters: [], result: "pointer" },
  gst_clock_get_time: { parameters: ["pointer"], result: "u64" },
  gst_object_get_name: { parameters: ["pointer"], result: "pointer" },
  gst_object_unref: { parameters: ["pointer"], result: "void" },
  gst_mini_object_unref: { parameters: ["pointer"], result: "void" },
  gst_bus_pop_filtered: { parameters: ["pointer", "i32"], result: "pointer" },
  gst_message_parse_error: { parameters: ["pointer", "buffer", "buffer"], result: "void" },
  gst_message_parse_warning: { parameters: ["pointer", "buffer", "buffer"], result: "void" },
  gst_message_get_structure: { parameters: ["pointer"], result: "pointer" },
  gst_structure_get_type: { parameters: [], result: "usize" },
  gst_structure_to_string: { parameters: ["pointer"], result: "pointer" },
  gst_structure_get_int: { parameters: ["pointer", "buffer", "buffer"], result: "i32" },
  gst_structure_get_uint64: { parameters: ["pointer", "buffer", "buffer"], result: "i32" },
  gst_structure_get_fraction: {
    parameters: ["pointer", "buffer", "buffer", "buffer"],
    result: "i32",
  },
  gst_pad_get_current_caps: { parameters: ["pointer"], result: "pointer" },
  gst_caps_get_structure: { parameters: ["pointer", "u32"], result: "pointer" },
  gst_util_set_object_arg: { parameters: ["pointer", "buffer", "buffer"], result: "void" },
  gst_sample_get_buffer: { parameters: ["pointer"], result: "pointer" },
  gst_sample_get_segment: { parameters: ["pointer"], result: "pointer" },
  gst_segment_to_running_time_full: {
    parameters: ["pointer", "i32", "u64", "buffer"],
    result: "i32",
  },
  gst_buffer_get_size: { parameters: ["pointer"], result: "usize" },
  gst_buffer_extract: { parameters: ["pointer", "usize", "buffer", "usize"], result: "usize" },
} as const;

const APP = {
  gst_app_sink_try_pull_sample: { parameters: ["pointer", "u64"], result: "pointer" },
  gst_app_src_push_sample: { parameters: ["pointer", "pointer"], result: "i32" },
  gst_app_sink_is_eos: { parameters: ["pointer"], result: "i32" },
} as const;

const GOBJECT = {
  g_object_get_property: { parameters: ["pointer", "buffer", "buffer"], result: "void" },
  g_value_init: { parameters: ["buffer", "usize"], result: "pointer" },
  g_value_get_boxed: { parameters: ["buffer"], result: "pointer" },
  g_value_get_object: { parameters: ["buffer"], result: "pointer" },
  g_value_unset: { parameters: ["buffer"], result: "void" },
} as const;

const GLIB = {
  g_error_free: { parameters: ["pointer"], result: "void" },
  g_free: { parameters: ["pointer"], result: "void" },
} as const;

const open = {
  gstreamer: () => Deno.dlopen("libgstreamer-1.0.so.0", GSTREAMER).symbols,
  app: () => Deno.dlopen("libgstapp-1.0.so.0", APP).symbols,
  gobject: () => Deno.dlopen("libgobject-2.0.so.0", GOBJECT).symbols,
  glib: () => Deno.dlopen("libglib-2.0.so.0", GLIB).symbols,
};

/** The C functions of GStreamer that capture uses. */
export type Native =
  & ReturnType<typeof open.gstreamer>
  & ReturnType<typeof open.app>
  & ReturnType<typeof open.gobject>
  & ReturnType<typeof open.glib>;

/** The first start on a machine scans all plugins, ms. */
const START_MS = 120_000;

let loaded: Promise<Native> | undefined;

/**
 * GStreamer's libraries, loaded and initialized on the first call.
 *
 * @throws {CaptureError} when they are not installed or do not start.
 */
export function loadNative(): Promise<Native> {
  loaded ??= load().catch((error) => {
    loaded = undefined;
    throw error;
  });
  return loaded;
}

async function load(): Promise<Native> {
  let native: Native;
  try {
    native = { ...open.glib(), ...open.gobject(), ...open.gstreamer(), ...open.app() };
  } catch (error) {
    const reason = error instanceof Error ? error.message.split("\n")[0] : String(error);
    throw new CaptureError(
      `Cannot load GStreamer: ${reason}; install it with: ` +
        "apt-get install libgstreamer1.0-0 gstreamer1.0-plugins-base gstreamer1.0-plugins-good gstreamer1.0-libav",
    );
  }
  const error = new BigUint64Array(1);
  const starting = native.gst_init_check(null, null, error)
    .then((started) => ({ started, fault: error[0] }));
  const late = () =>
    new CaptureError(`Cannot start GStreamer: it takes more than ${START_MS / 1000} s`);
  const { started, fault } = await withDeadline(START_MS, starting, late);
  if (started === 0) {
    throw new CaptureError(`Cannot start GStreamer: ${takeError(native, fault)}`);
  }
  return native;
}

/** Text of a C string that is freed here; empty for NULL. */
export function takeString(native: Native, pointer: Deno.PointerValue): string {
  const text = readCString(pointer);
  native.g_free(pointer);
  return text;
}

/** Message of a `GError` that is freed here. */
export function takeError(native: Native, address: bigint): string {
  const pointer = Deno.UnsafePointer.create(address);
  if (pointer === null) return "unknown error";
  const text = readCString(new Deno.UnsafePointerView(pointer).getPointer(OFFSETS.GError.message));
  native.g_error_free(pointer);
  return text;
}
