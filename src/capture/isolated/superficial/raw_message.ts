import type { BusMessage } from "../../bus.ts";

/** A message of the bus as gstreamer-superficial gives it: the fields of its structure. */
export type RawMessage = Readonly<Record<string, unknown>>;

/** The message of the bus that the addon's object stands for; undefined if nothing needs it. */
export function busMessageOf(raw: RawMessage): BusMessage | undefined {
  const text = (name: string) => typeof raw[name] === "string" ? raw[name] as string : "";
  const element = text("_src_element_name");
  const type = text("type");
  if (type === "error") {
    return { kind: type, element, text: text("message").replace(/\.$/, ""), detail: text("debug") };
  }
  if (type === "warning") {
    // The addon does not read a warning's text; its details begin with the place in GStreamer's source.
    const detail = text("debug");
    return { kind: type, element, text: detail.split("\n").at(-1)!, detail };
  }
  // GStreamer's `missing-plugin`, whose fields hide the type and the name of the message.
  const detail = text("detail").replaceAll("\\", "");
  if (detail === "") return undefined;
  return { kind: "missing", element, text: `GStreamer has no ${text("name")}`, detail, type };
}
