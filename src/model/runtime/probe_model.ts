/** The smallest ONNX model, `y = -x` on one float32: made on a provider, it shows whether that has a device to run on. */
export const PROBE_MODEL: Uint8Array = Uint8Array.fromBase64(
  "CAgSBndoZW5jZUICEBE6OwoQCgF4EgF5GgNOZWciA05lZxIFcHJvYmVaDwoBeBIKCggIARIECgIIAWIPCgF5EgoKCAgBEgQKAggB",
);
