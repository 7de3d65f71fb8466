// Takes the browser's program apart: what only some rooms or dialogs need goes into files of its own.
//
//   BINDGEN=… SPLIT=… node scripts/parts.mjs FRONTEND.wasm --out DIR
//
// The tool behind SPLIT (crate wasm_split_cli_support) knows from the linker's relocations who needs what. It writes the program,
// a module for each part, and a module for what each group of parts shares: dozens of small ones. Here the modules that a part
// needs become one file, so that it comes at once; of what several of them bring, the first counts.

import { mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { parseArgs } from "node:util";

const { default: binaryen } = await import("../end2end/node_modules/binaryen/index.js");

const NAME = "manus-sync";
// Named by the tool: the program asks this script for its parts.
const LOADER = "__wasm_split.js";

const { values: options, positionals } = parseArgs({ options: { out: { type: "string" } }, allowPositionals: true });
const [input] = positionals;
const out = options.out;
const modules = join(out, "modules");
const done = new Map();
// For size above all. Nothing is put inline: code that stands once in a function of its own compresses better than the same code
// here and there.
binaryen.setOptimizeLevel(2);
binaryen.setShrinkLevel(2);
binaryen.setAlwaysInlineMaxSize(0);
binaryen.setFlexibleInlineMaxSize(0);
binaryen.setOneCallerInlineMaxSize(12);
binaryen.setGenerateStackIR(true);
binaryen.setOptimizeStackIR(true);

rmSync(out, { recursive: true, force: true });
mkdirSync(modules, { recursive: true });
run(process.env.SPLIT, [input, modules, "--target", "web", "--out-name", NAME]);
const bindgen = ["--target", "web", "--no-typescript", "--keep-lld-exports", "--out-dir", out, "--out-name", NAME];
run(process.env.BINDGEN, [...bindgen, join(modules, `${NAME}.wasm`)]);
const program = join(out, `${NAME}_bg.wasm`);
writeFileSync(program, small(program));
const { shared, parts } = read(readFileSync(join(modules, LOADER), "utf8"));
for (const { name, files } of parts) writeFileSync(join(out, `${name}.part`), bundle(files));
writeFileSync(join(out, LOADER), loader(shared, parts.map(({ name }) => name)));
rmSync(modules, { recursive: true });

/** What the tool's own script tells: what the program shares with its parts, and in which modules each part is. */
function read(script) {
  const shared = script.match(/const \{ ([\w, ]+?),\s*\} = initSync\(/)?.[1];
  const chunk = /const (__chunk_\d+) = makeLoad\([^]*?"\.\/(\w+\.wasm)"/g;
  const chunks = Object.fromEntries([...script.matchAll(chunk)].map(([, name, file]) => [name, file]));
  const part = /export const __wasm_split_load_(\w+) = wrapAsyncCb\(makeLoad\(([^]*?), \[([\w, ]*)\]\)\);/g;
  const parts = [...script.matchAll(part)].map(([, name, own, needed]) => {
    const files = needed.split(", ").filter((chunk) => chunk !== "").map((chunk) => chunks[chunk]);
    return { name, files: [...files, own.match(/"\.\/(\w+\.wasm)"/)?.[1]] };
  });
  if (!shared || parts.length === 0 || parts.some(({ files }) => files.includes(undefined))) {
    throw new Error(`${LOADER} is not written as this script expects it of the tool`);
  }
  return { shared, parts };
}

/** Modules in one file, each after its number among all modules and its length. */
function bundle(files) {
  const numbers = readdirSync(modules).sort();
  const pieces = files.flatMap((file) => {
    const content = small(join(modules, file));
    const head = Buffer.alloc(8);
    head.writeUInt32LE(numbers.indexOf(file), 0);
    head.writeUInt32LE(content.length, 4);
    return [head, content];
  });
  return Buffer.concat(pieces);
}

/** A module, optimised. */
function small(path) {
  if (!done.has(path)) {
    const module = binaryen.readBinary(withoutNames(readFileSync(path)));
    // The second time finds what the first has uncovered.
    module.optimize();
    module.optimize();
    module.runPasses(["strip-debug", "strip-producers"]);
    done.set(path, Buffer.from(module.emitBinary()));
    module.dispose();
  }
  return done.get(path);
}

/** A module without the names of its functions, of which the optimiser says that it does not know all kinds. */
function withoutNames(bytes) {
  const NAME_SECTION = "\x04name";
  const kept = [bytes.subarray(0, 8)];
  for (let at = 8; at < bytes.length; ) {
    let [content, length] = [at + 1, 0];
    for (let shift = 0; ; shift += 7) {
      const byte = bytes[content++];
      length |= (byte & 127) << shift;
      if (byte < 128) break;
    }
    const names = bytes[at] === 0 && bytes.toString("latin1", content, content + NAME_SECTION.length) === NAME_SECTION;
    if (!names) kept.push(bytes.subarray(at, content + length));
    at = content + length;
  }
  return Buffer.concat(kept);
}

/** The script that loads parts. The program calls one of its functions for each, and is called back with whether it is there. */
function loader(shared, names) {
  return `import { initSync } from "./${NAME}.js";

let imports;
const started = new Map();

async function load(name) {
  const response = await fetch(new URL(\`./\${name}.part\`, import.meta.url));
  if (!response.ok) throw new Error(\`\${name}: \${response.status}\`);
  const bytes = await response.arrayBuffer();
  const head = new DataView(bytes);
  for (let at = 0; at < bytes.byteLength; ) {
    const [number, length] = [head.getUint32(at, true), head.getUint32(at + 4, true)];
    if (!started.has(number)) started.set(number, WebAssembly.instantiate(new Uint8Array(bytes, at + 8, length), imports));
    await started.get(number);
    at += 8 + length;
  }
}

const part = (name) => async (callback, data) => {
  const { ${shared} } = initSync();
  imports ??= { __wasm_split: { ${shared} } };
  const there = await load(name).then(() => true, (error) => (console.warn(error), false));
  __indirect_function_table.get(callback)(data, there);
};

${names.map((name) => `export const __wasm_split_load_${name} = part("${name}");`).join("\n")}
`;
}

/** Runs a command to its end, or ends this script. */
function run(command, args) {
  const { status, error } = spawnSync(command, args, { stdio: "inherit" });
  if (status !== 0) {
    console.error(error?.message ?? `${command} failed`);
    process.exit(1);
  }
}
