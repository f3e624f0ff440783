/**
 * Where GStreamer's and GLib's structs keep the fields that are read here, in bytes on 64-bit Linux. The structs are
 * public and their layout is part of the ABI; `deno task test:arm64` compares these numbers with the C headers.
 */
export const OFFSETS = {
  GstBuffer: { pts: 72 },
  GstMessage: { type: 64, src: 80 },
  GError: { message: 8 },
} as const;

/** Sizes of structs that are allocated here, in bytes. */
export const SIZES = { GValue: 24 } as const;
