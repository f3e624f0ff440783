import { join } from "node:path";
import { DENO_VERSION } from "./architecture.ts";
import { MAINTAINER } from "./control.ts";

/** Debian's copyright file: the program's license, and the declared one of each package in it. */
export function copyrightFile(packages: readonly NpmPackage[]): string {
  return `Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/
Upstream-Name: whence

Files: *
Copyright: The Whence authors
License: Apache-2.0
 On Debian systems, the full text of the Apache License 2.0 is in
 /usr/share/common-licenses/Apache-2.0.
Comment:
 The model and its demo clip are made from media under GPL-2, GPL-3, CC BY,
 CC BY-SA and Apache-2.0; see README.md and demo.ATTRIBUTION.md in
 /usr/share/whence/models/denseav-mini.

Files: usr/lib/whence/deno
Copyright: The Deno authors
License: Expat
 Permission is hereby granted, free of charge, to any person obtaining a copy
 of this software and associated documentation files (the "Software"), to deal
 in the Software without restriction, including without limitation the rights
 to use, copy, modify, merge, publish, distribute, sublicense, and/or sell
 copies of the Software, and to permit persons to whom the Software is
 furnished to do so, subject to the following conditions:
 .
 The above copyright notice and this permission notice shall be included in
 all copies or substantial portions of the Software.
 .
 THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR
 IMPLIED, INCLUDING BUT NOT LIMITED TO THE WARRANTIES OF MERCHANTABILITY,
 FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE
 AUTHORS OR COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER
 LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM,
 OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE
 SOFTWARE.
Comment: Deno ${DENO_VERSION}, unchanged from npm.

Files: usr/lib/whence/node_modules/*
Copyright: The authors of the npm packages
License: npm-packages
 Each package is under the license that its package.json declares:
${packages.map(({ name, version, license }) => ` ${name} ${version}: ${license}`).join("\n")}
`;
}

/** Debian's changelog of a package that is made from a release. */
export function debianChangelog(version: string, time: Date): string {
  const day = time.toUTCString().replace(
    /^(\w+), (\d+) (\w+) (\d+) ([\d:]+) GMT$/,
    "$1, $2 $3 $4 $5 +0000",
  );
  return `whence (${version}) unstable; urgency=medium

  * See CHANGELOG.md in the same folder.

 -- ${MAINTAINER}  ${day}
`;
}

/** An npm package in the Debian package. */
export interface NpmPackage {
  readonly name: string;
  readonly version: string;
  readonly license: string;
}

/** The npm packages of an application, sorted. */
export async function npmPackages(app: string): Promise<NpmPackage[]> {
  const root = join(app, "node_modules/.deno");
  const found: NpmPackage[] = [];
  for await (const { name: folder, isDirectory } of Deno.readDir(root)) {
    if (!isDirectory || folder === "node_modules") continue;
    const name = folder.replace(/(?<=.)@.*$/, "").replace("+", "/");
    const text = await Deno.readTextFile(join(root, folder, "node_modules", name, "package.json"));
    const { version, license = "see the package" } = JSON.parse(text);
    found.push({ name, version, license: typeof license === "string" ? license : license.type });
  }
  return found.sort((a, b) => a.name < b.name ? -1 : 1);
}
