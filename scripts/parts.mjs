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
/** The number of a module's section of imports. */
const IMPORTS = 2;

const { values: options, positionals } = parseArgs({ options: { out: { type: "string" } }, allowPositionals: true });
const [input] = positionals;
const out = options.out;
const modules = join(out, "modules");
const done = new Map();
/** What a crate that Leptos brings gives to scripts, and none of them asks for: streams made in the program. */
const UNUSED = /intounderlying(bytesource|sink|source)/;
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
const [program, script] = [join(out, `${NAME}_bg.wasm`), join(out, `${NAME}.js`)];
const named = shortNamed(small(program), readFileSync(script, "utf8"));
writeFileSync(program, named.program);
writeFileSync(script, named.script);
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
    withoutUnused(module);
    // The second time finds what the first has uncovered.
    module.optimize();
    module.optimize();
    module.runPasses(["strip-debug", "strip-producers"]);
    done.set(path, Buffer.from(module.emitBinary()));
    module.dispose();
  }
  return done.get(path);
}

/** Takes from a module what it gives away and nobody asks for, so that the optimiser sees that nothing needs it. */
function withoutUnused(module) {
  const given = Array.from({ length: module.getNumExports() }, (_, at) => module.getExportByIndex(at));
  const names = given.map((one) => binaryen.getExportInfo(one).name);
  for (const name of names.filter((name) => UNUSED.test(name))) module.removeExport(name);
}

/** A module without the names of its functions, of which the optimiser says that it does not know all kinds. */
function withoutNames(bytes) {
  const NAME_SECTION = "\x04name";
  const kept = sections(bytes).filter(({ id, content }) => {
    return id !== 0 || content.toString("latin1", 0, NAME_SECTION.length) !== NAME_SECTION;
  });
  return Buffer.concat([bytes.subarray(0, 8), ...kept.map(({ whole }) => whole)]);
}

/**
 * The program and its script, which give each other what they share under names of a letter or two instead of wasm-bindgen's: those
 * end in numbers that hardly compress.
 */
function shortNamed(program, script) {
  const short = new Map();
  const rename = ({ from, name }) => {
    if (from !== `./${NAME}_bg.js`) return [from, name];
    if (!short.has(name)) short.set(name, `i${short.size.toString(36)}`);
    return [from, short.get(name)];
  };
  const renamed = sections(program).map(({ id, content, whole }) => {
    if (id !== IMPORTS) return whole;
    const all = imports(content).map((entry) => Buffer.concat([...rename(entry).map(text), entry.what]));
    const list = Buffer.concat([number(all.length), ...all]);
    return Buffer.concat([Buffer.from([id]), number(list.length), list]);
  });
  for (const [name, to] of short) {
    const around = script.split(` ${name}: `);
    if (around.length !== 2) throw new Error(`${NAME}.js is not written as this script expects it of wasm-bindgen: ${name}`);
    script = around.join(` ${to}: `);
  }
  return { program: Buffer.concat([program.subarray(0, 8), ...renamed]), script };
}

/** The sections of a module. */
function sections(bytes) {
  const found = [];
  for (let at = 8; at < bytes.length; ) {
    const [length, start] = read128(bytes, at + 1);
    found.push({ id: bytes[at], content: bytes.subarray(start, start + length), whole: bytes.subarray(at, start + length) });
    at = start + length;
  }
  return found;
}

/** What a module imports: from where, under which name, and the bytes that say what it is. */
function imports(content) {
  let [count, at] = read128(content, 0);
  const next = () => {
    const [length, start] = read128(content, at);
    at = start + length;
    return content.toString("utf8", start, at);
  };
  const limits = (at) => {
    const [, end] = read128(content, at + 1);
    return content[at] & 1 ? read128(content, end)[1] : end;
  };
  // After the kind: a function's type, a table's type and limits, a memory's limits, a global's type, a tag's.
  const ends = [(at) => read128(content, at)[1], (at) => limits(at + 1), limits, (at) => at + 2, (at) => read128(content, at + 1)[1]];
  return Array.from({ length: count }, () => {
    const [from, name, begin] = [next(), next(), at];
    at = ends[content[begin]](begin + 1);
    return { from, name, what: content.subarray(begin, at) };
  });
}

/** A number in WebAssembly's encoding, seven bits a byte, and where it ends. */
function read128(bytes, at) {
  for (let [value, shift] = [0, 0]; ; shift += 7) {
    value |= (bytes[at] & 127) << shift;
    if (bytes[at++] < 128) return [value, at];
  }
}

function number(value) {
  const bytes = [];
  for (; value > 127; value >>>= 7) bytes.push((value & 127) | 128);
  return Buffer.from([...bytes, value]);
}

/** A text, after its length. */
function text(words) {
  const bytes = Buffer.from(words);
  return Buffer.concat([number(bytes.length), bytes]);
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
