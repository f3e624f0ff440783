import { fileURLToPath } from "node:url";
import type { Plugin } from "esbuild";
import { headStyle } from "./head_style.ts";

/** The page's files, ready to be served. */
export interface PageBundle {
  readonly script: string;
  readonly style: string;
}

const ENTRY = fileURLToPath(new URL("./page/main.tsx", import.meta.url));
let bundle: Promise<PageBundle> | undefined;

/** Makes the page's files from their sources, once; needs no network and writes nothing. */
export function pageBundle(): Promise<PageBundle> {
  bundle ??= build().catch((error) => {
    bundle = undefined;
    throw error;
  });
  return bundle;
}

async function build(): Promise<PageBundle> {
  const esbuild = await import("esbuild");
  try {
    const { outputFiles } = await esbuild.build({
      entryPoints: [ENTRY],
      bundle: true,
      write: false,
      outdir: "/page",
      format: "esm",
      target: "es2022",
      jsx: "automatic",
      jsxImportSource: "preact",
      minify: true,
      logLevel: "silent",
      plugins: [packages],
    });
    const file = (ending: string) => outputFiles.find(({ path }) => path.endsWith(ending))!.text;
    return { script: file(".js"), style: headStyle() + file(".css") };
  } finally {
    await esbuild.stop();
  }
}

/** Finds packages where Deno keeps them; a path inside a package is looked up beside its entry. */
const packages: Plugin = {
  name: "packages",
  setup(build) {
    build.onResolve({ filter: /^(preact|uplot)(\/|$)/ }, ({ path }) => ({
      path: fileURLToPath(
        path === "uplot/style.css"
          ? new URL("./uPlot.min.css", import.meta.resolve("uplot"))
          : import.meta.resolve(path),
      ),
    }));
  },
};
