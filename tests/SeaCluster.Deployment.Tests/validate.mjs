// Validates Kubernetes objects (YAML documents on stdin) against the published schemas of their kinds, and refuses keys that a schema does not know.
// node validate.mjs FOLDER_WITH_NODE_MODULES < manifests.yaml: one line a problem, then how many objects were checked; exit code 1 where there are problems.
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { unknownKeys } from "./types.mjs";

const modules = join(process.argv[2], "node_modules");
const yaml = createRequire(join(modules, "/"))("js-yaml");

function fileOf(object) {
  const [group] = object.apiVersion.includes("/") ? object.apiVersion.split("/") : [""];
  const name = { "monitoring.coreos.com": "@kubernetes-models/prometheus-operator", "keda.sh": "@kubernetes-models/keda" }[group] ?? "kubernetes-models";
  return ["mjs", "js"].map((end) => join(modules, name, object.apiVersion, `${object.kind}.${end}`)).find(existsSync);
}

let checked = 0;
const problems = [];
for (const object of yaml.loadAll(readFileSync(0, "utf8")).filter(Boolean)) {
  const name = `${object.kind}/${object.metadata?.name}`;
  const file = fileOf(object);
  if (!file) {
    problems.push(`${name}: no schema for ${object.apiVersion} ${object.kind}`);
    continue;
  }
  const model = Object.values(await import(pathToFileURL(file).href)).find((each) => each?.kind === object.kind);
  try {
    new model(object).validate();
    const unknown = unknownKeys(file.replace(/\.m?js$/, ".d.ts"), object.kind, object);
    problems.push(...unknown.map((path) => `${name}: ${path} is no key of ${object.apiVersion} ${object.kind}`));
    checked += unknown.length === 0 ? 1 : 0;
  } catch (error) {
    problems.push(`${name}: ${error.message.replaceAll("\n", "; ")}`);
  }
}
for (const problem of problems) console.log(problem);
console.log(`${checked} objects are valid`);
process.exitCode = problems.length > 0 ? 1 : 0;
