/** The smallest ONNX model, `y = -x` on one float32. A session of it shows whether a provider has a device to run on. */
export const PROBE_MODEL: Uint8Array = Uint8Array.fromBase64(
  "CAgSBndoZW5jZUICEBE6OwoQCgF4EgF5GgNOZWciA05lZxIFcHJvYmVaDwoBeBIKCggIARIECgIIAWIPCgF5EgoKCAgBEgQKAggB",
);
