// Assembles the site: the browser's program, the bundled stylesheet, the fonts and everything in public/.
//
//   node scripts/site.mjs --browser DIR --out DIR [--compress]
//
// With --compress, each file gets a .br and a .gz beside it, sizes are printed, and a site that has outgrown its
// budget is an error.

import { cpSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";

const KB = 1000;
// In compressed bytes: what a person on a slow line waits for.
const BUDGETS = { "pkg/manus-sync_bg.wasm": 220 * KB, "pkg/manus-sync.css": 15 * KB };
// And of each part of the program that is loaded when it is needed: a room, a dialog, the drawer.
const PART_BUDGET = 20 * KB;
// Of how many bits of distances brotli writes down apart, and how many distances it names directly.
const DISTANCES = [[0, 0], [1, 0], [1, 16], [0, 15]];
// Compressed by nature.
const COMPACT = /\.(woff2|png|ico|br|gz)$/;

const root = fileURLToPath(new URL("..", import.meta.url));
const tools = createRequire(join(root, "end2end/package.json"));

const { values: options } = parseArgs({
  options: { browser: { type: "string" }, out: { type: "string" }, compress: { type: "boolean" } },
});

assemble(options.browser, options.out);
if (options.compress) {
  compress(options.out);
  // A site over its budget still works: only STRICT_BUDGETS makes that a failure.
  process.exitCode = report(options.out) || !process.env.STRICT_BUDGETS ? 0 : 1;
}

function assemble(browser, out) {
  rmSync(out, { recursive: true, force: true });
  mkdirSync(join(out, "pkg/fonts"), { recursive: true });
  cpSync(join(root, "public"), out, { recursive: true });
  cpSync(browser, join(out, "pkg"), { recursive: true });
  cpSync(
    tools.resolve("@fontsource-variable/inter/files/inter-latin-wght-normal.woff2"),
    join(out, "pkg/fonts/inter-latin.woff2"),
  );
  const { code } = tools("lightningcss").bundle({ filename: join(root, "style/main.css"), minify: true });
  writeFileSync(join(out, "pkg/manus-sync.css"), code);
}

function compress(out) {
  for (const name of files(out).filter((name) => !COMPACT.test(name))) {
    const content = readFileSync(join(out, name));
    writeFileSync(join(out, `${name}.br`), smallest(content));
    writeFileSync(join(out, `${name}.gz`), gzipSync(content, { level: 9 }));
  }
}

/** The shortest of a few ways to write down distances: which of them suits a file best is a matter of luck. */
function smallest(content) {
  const written = DISTANCES.map(([postfix, direct]) => {
    const params = {
      [constants.BROTLI_PARAM_QUALITY]: 11,
      [constants.BROTLI_PARAM_SIZE_HINT]: content.length,
      [constants.BROTLI_PARAM_LGBLOCK]: 20,
      [constants.BROTLI_PARAM_NPOSTFIX]: postfix,
      [constants.BROTLI_PARAM_NDIRECT]: direct,
    };
    return brotliCompressSync(content, { params });
  });
  return written.reduce((least, one) => (one.length < least.length ? one : least));
}

/** Prints the sizes; true when all budgets are kept. */
function report(out) {
  let kept = true;
  const size = (name) => readFileSync(join(out, name)).length;
  const shown = (bytes) => `${(bytes / KB).toFixed(1)} KB`.padStart(10);
  console.log(`${"".padEnd(32)}${"plain".padStart(10)}${"brotli".padStart(10)}${"gzip".padStart(10)}    budget (brotli)`);
  for (const name of files(out).filter((name) => name.startsWith("pkg/") && !/\.(br|gz)$/.test(name))) {
    const variants = COMPACT.test(name) ? [] : [size(`${name}.br`), size(`${name}.gz`)];
    const budget = name.endsWith(".part") ? PART_BUDGET : BUDGETS[name];
    const over = budget !== undefined && variants[0] > budget;
    const verdict = budget === undefined ? "" : `${shown(budget)}${over ? "  EXCEEDED" : ""}`;
    console.log(`${name.padEnd(32)}${[size(name), ...variants].map(shown).join("")}${verdict}`);
    kept &&= !over;
  }
  return kept;
}

/** The files below a folder, as paths relative to it, sorted. */
function files(folder) {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name).slice(join(folder, "/").length))
    .sort();
}
