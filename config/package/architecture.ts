/** A machine that packages are built for, under the names that Debian, npm, Deno and the dynamic loader give it. */
export interface Architecture {
  /** Debian's name. */
  readonly debian: "amd64" | "arm64";
  /** npm's and Node.js's name. */
  readonly npm: "x64" | "arm64";
  /** npm package with Deno's binary, and the hash of the version in `DENO_VERSION`. */
  readonly deno: { readonly name: string; readonly integrity: string };
}

/** The Deno that the packages contain; README and CONTRIBUTING name the same. */
export const DENO_VERSION = "2.9.6";

/** All architectures that packages are built for. */
export const ARCHITECTURES: readonly Architecture[] = [
  {
    debian: "amd64",
    npm: "x64",
    deno: {
      name: "@deno/linux-x64-glibc",
      integrity:
        "sha512-3md4TKLCuzsLDmfOoC5KN7NAZaxSVkMgm64vg6foD00JBADCpYS2/5QqXfzgnP5ZQz3iLP9vBQJtEgc116OAoQ==",
    },
  },
  {
    debian: "arm64",
    npm: "arm64",
    deno: {
      name: "@deno/linux-arm64-glibc",
      integrity:
        "sha512-poqhoH9B3nYloigEMPT5t8HY+wBeiuea1An5Q7fqgJzP0SYmWsoS/oUnWO/pEiA4ofzIBy1Elt/in58xKtxEoQ==",
    },
  },
];
