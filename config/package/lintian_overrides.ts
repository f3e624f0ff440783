/** What lintian must accept: binaries that are packaged as their projects publish them. */
export const LINTIAN_OVERRIDES =
  `# Deno, ONNX Runtime, libvips and esbuild are the binaries that their projects publish.
whence: embedded-library
whence: unstripped-binary-or-object
whence: unstripped-static-library
whence: statically-linked-binary
whence: hardening-no-pie
`;
