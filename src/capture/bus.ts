import { type Native, takeError, takeString } from "./native.ts";
import { installHint, packageOfMissing } from "./packages.ts";
import { OFFSETS } from "./struct_offsets.ts";

const ERROR = 1 << 1;
const WARNING = 1 << 2;
const ELEMENT = 1 << 15;

/** A message that an element posted. */
export interface BusMessage {
  readonly kind: "error" | "warning" | "missing";
  /** Name of the element that posted it. */
  readonly element: string;
  /** Factory of an element that posted an error, where it is known. */
  readonly factory?: string;
  /** One line for users; for `missing`, the missing element or decoder and its package. */
  readonly text: string;
  /** GStreamer's additional text, for programs. */
  readonly detail: string;
}

/** The message bus of one pipeline, read without blocking. */
export class Bus {
  readonly #native: Native;
  readonly #bus: Deno.PointerObject;
  readonly #error = new BigUint64Array(1);
  readonly #detail = new BigUint64Array(1);

  /** @param bus owned from here on. */
  constructor(native: Native, bus: Deno.PointerObject) {
    this.#native = native;
    this.#bus = bus;
  }

  /** Messages posted since the last call. */
  take(): BusMessage[] {
    const messages: BusMessage[] = [];
    for (;;) {
      const message = this.#native.gst_bus_pop_filtered(this.#bus, ERROR | WARNING | ELEMENT);
      if (message === null) return messages;
      const read = this.#read(message);
      if (read !== undefined) messages.push(read);
      this.#native.gst_mini_object_unref(message);
    }
  }

  /** Releases the bus. */
  release(): void {
    this.#native.gst_object_unref(this.#bus);
  }

  #read(message: Deno.PointerObject): BusMessage | undefined {
    const native = this.#native;
    const view = new Deno.UnsafePointerView(message);
    const type = view.getUint32(OFFSETS.GstMessage.type);
    const element = takeString(
      native,
      native.gst_object_get_name(view.getPointer(OFFSETS.GstMessage.src)),
    );
    if (type === ELEMENT) return this.#missing(message, element);
    const parse = type === ERROR
      ? native.gst_message_parse_error
      : native.gst_message_parse_warning;
    parse(message, this.#error, this.#detail);
    const text = takeError(native, this.#error[0]).replace(/\.$/, "");
    const detail = takeString(native, Deno.UnsafePointer.create(this.#detail[0]));
    const factory = type === ERROR
      ? native.gst_element_get_factory(view.getPointer(OFFSETS.GstMessage.src))
      : null;
    return {
      kind: type === ERROR ? "error" : "warning",
      element,
      factory: factory === null
        ? undefined
        : takeString(native, native.gst_object_get_name(factory)),
      text,
      detail,
    };
  }

  /** GStreamer's `missing-plugin` message: type, detail (a name or caps) and a name for people. */
  #missing(message: Deno.PointerObject, element: string): BusMessage | undefined {
    const native = this.#native;
    const structure = native.gst_message_get_structure(message);
    const text = structure === null
      ? ""
      : takeString(native, native.gst_structure_to_string(structure));
    if (!text.startsWith("missing-plugin,")) return undefined;
    const type = /\btype=\(string\)([\w-]+)/.exec(text)?.[1] ?? "";
    const detail = /\bdetail=\((?:string|GstCaps)\)"?([^";\s]+)/.exec(text)?.[1]
      .replaceAll("\\", "").replace(/,$/, "") ?? "";
    const name = /\bname=\(string\)(?:"((?:\\.|[^"])*)"|([^\s;,]+))/.exec(text);
    const what = (name?.[1] ?? name?.[2] ?? detail).replaceAll("\\", "");
    return {
      kind: "missing",
      element,
      text: `GStreamer has no ${what}${installHint(packageOfMissing(type, detail))}`,
      detail,
    };
  }
}
