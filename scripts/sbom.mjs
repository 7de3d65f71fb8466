// Writes what a release binary is made of, as a CycloneDX 1.6 document on stdout: every crate that is linked into it or runs
// while it is built, with version, licence, checksum and who needs whom. From the lock file and cargo's own word; nothing is
// guessed, and the same sources give the same document.
//
// Usage: node scripts/sbom.mjs > sbom.json

import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";

const target = process.argv[2] ?? execFileSync("rustc", ["-vV"], { encoding: "utf8" }).match(/^host: (.*)$/m)[1];
const metadata = JSON.parse(
  execFileSync("cargo", ["metadata", "--format-version", "1", "--locked", "--filter-platform", target], {
    encoding: "utf8",
    maxBuffer: 256 << 20,
  }),
);

const checksums = new Map();
for (const block of readFileSync("Cargo.lock", "utf8").split("[[package]]").slice(1)) {
  const field = (name) => block.match(new RegExp(`^${name} = "(.*)"$`, "m"))?.[1];
  checksums.set(`${field("name")}@${field("version")}`, field("checksum"));
}

const packages = new Map(metadata.packages.map((one) => [one.id, one]));
const nodes = new Map(metadata.resolve.nodes.map((node) => [node.id, node]));
const root = metadata.packages.find((one) => one.name === "server" && one.source === null);

// From the binary on, along everything but what only tests need.
const needs = (id) =>
  nodes
    .get(id)
    .deps.filter((dep) => dep.dep_kinds.some((kind) => kind.kind !== "dev"))
    .map((dep) => dep.pkg);
const reached = new Set([root.id]);
for (const id of reached) needs(id).forEach((dep) => reached.add(dep));

const ref = (id) => {
  const { name, version } = packages.get(id);
  return `pkg:cargo/${name}@${version}`;
};
const component = (id) => {
  const { name, version, license, description, repository, source } = packages.get(id);
  const checksum = checksums.get(`${name}@${version}`);
  return {
    type: "library",
    "bom-ref": ref(id),
    name,
    version,
    ...(description ? { description: description.trim() } : {}),
    ...(license ? { licenses: [{ expression: license.replaceAll("/", " OR ") }] } : {}),
    ...(checksum ? { hashes: [{ alg: "SHA-256", content: checksum }] } : {}),
    ...(source ? { purl: ref(id) } : {}),
    ...(repository ? { externalReferences: [{ type: "vcs", url: repository }] } : {}),
  };
};

const ids = [...reached].sort((a, b) => (ref(a) < ref(b) ? -1 : 1));
const document = {
  bomFormat: "CycloneDX",
  specVersion: "1.6",
  version: 1,
  metadata: {
    component: { type: "application", "bom-ref": ref(root.id), name: "manus-sync", version: root.version },
    properties: [{ name: "target", value: target }],
  },
  components: ids.filter((id) => id !== root.id).map(component),
  dependencies: ids.map((id) => ({ ref: ref(id), dependsOn: [...new Set(needs(id).map(ref))].sort() })),
};
process.stdout.write(`${JSON.stringify(document, null, 2)}\n`);
