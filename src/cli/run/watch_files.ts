import { basename, dirname } from "node:path";

/** Editors write a file in several steps; it is read when nothing has happened for so long, ms. */
const SETTLE_MS = 300;

/**
 * Tells when files change, until it is disposed of. Watches their folders, because editors replace files.
 *
 * @param changed receives the path as given in `files`.
 */
export function watchFiles(
  files: readonly string[],
  changed: (file: string) => void,
): Disposable {
  const timers = new Map<string, ReturnType<typeof setTimeout>>();
  const watcher = Deno.watchFs([...new Set(files.map((file) => dirname(file)))], {
    recursive: false,
  });
  const settle = (file: string) => {
    clearTimeout(timers.get(file));
    timers.set(file, setTimeout(() => changed(file), SETTLE_MS));
  };
  const watch = async () => {
    for await (const { kind, paths } of watcher) {
      if (kind === "access") continue;
      const names = new Set(paths.map((path) => basename(path)));
      for (const file of files) if (names.has(basename(file))) settle(file);
    }
  };
  watch();
  return {
    [Symbol.dispose]() {
      watcher.close();
      for (const timer of timers.values()) clearTimeout(timer);
    },
  };
}
