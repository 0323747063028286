// Reads TypeScript declarations of Kubernetes objects, as far as is needed to say which keys an object may have:
// the JSON schemas that come with them let every unknown key pass, and the API server drops it without a word.
import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";

const files = new Map();

function load(file) {
  if (!files.has(file)) {
    const text = readFileSync(file, "utf8").replace(/\/\*[\s\S]*?\*\//g, "");
    const imports = new Map([...text.matchAll(/import \{([^}]*)\} from "([^"]+)"/g)].flatMap(([, names, from]) => names.split(",").map((name) => [name.trim(), from])));
    const interfaces = new Map([...text.matchAll(/export interface (\w+)[^{]*\{/g)].map((match) => [match[1], match.index + match[0].length - 1]));
    const aliases = new Map([...text.matchAll(/export type \{([^}]*)\}/g)].flatMap(([, names]) => names.split(",").map((pair) => pair.trim().split(" as ").reverse())));
    const types = new Map([...text.matchAll(/export (?:declare )?type (\w+) = /g)].map((match) => [match[1], match.index + match[0].length]));
    files.set(file, { file, text, imports, interfaces, aliases, types });
  }
  return files.get(file);
}

function resolve(file, from) {
  const path = from.startsWith(".") ? join(dirname(file), from) : packageFile(file, from);
  return [path.replace(/\.m?js$/, ".d.ts"), `${path}.d.ts`].find(existsSync);
}

function packageFile(file, from) {
  try {
    return createRequire(file).resolve(from);
  } catch {
    // A package that only has ES modules: its folder is found the long way.
    for (let folder = dirname(file); folder !== "/"; folder = dirname(folder)) {
      const found = join(folder, "node_modules", from);
      if (existsSync(`${found}.d.ts`)) return found;
    }
    return from;
  }
}

// A type is undefined (anything goes), { keys, rest } or { items }.
function named(source, name) {
  const own = source.aliases.get(name) ?? name;
  if (source.interfaces.has(own)) return parse(source, source.interfaces.get(own)).type;
  if (source.types.has(own)) return parse(source, source.types.get(own)).type;
  const from = source.imports.get(own);
  const file = from && resolve(source.file, from);
  return file ? named(load(file), own) : undefined;
}

function parse(source, at) {
  const text = source.text;
  const skip = () => { while (/\s/.test(text[at])) at++; };
  skip();
  let type;
  if (text[at] === "{") {
    type = { keys: new Map(), rest: undefined, open: false };
    at++;
    for (skip(); text[at] !== "}"; skip()) {
      const index = /^\[\w+: string\]:/.exec(text.slice(at, at + 60));
      const key = /^"?([\w$.-]+)"?\??:/.exec(text.slice(at, at + 200));
      if (!index && !key) throw new Error(`${source.file}: cannot read ${text.slice(at, at + 60)}`);
      at += (index ?? key)[0].length;
      const begun = at;
      const value = parse(source, at);
      at = value.at;
      if (index) type.open = true;
      else type.keys.set(key[1], () => parse(source, begun).type);
      if (text[at] === ";") at++;
    }
    at++;
  } else if (/^(Array|ReadonlyArray)</.test(text.slice(at, at + 20))) {
    at = text.indexOf("<", at) + 1;
    const begun = at;
    at = parse(source, at).at;
    skip();
    at++;
    type = { items: () => parse(source, begun).type };
  } else {
    const word = /^(?:"[^"]*"|[\w$.-]+)(?:<[^;]*>)?(?:\["[^"]*"\])?/.exec(text.slice(at, at + 2000));
    if (!word) throw new Error(`${source.file}: cannot read ${text.slice(at, at + 60)}`);
    at += word[0].length;
    type = /^[A-Z]\w*$/.test(word[0]) ? named(source, word[0]) : undefined;
  }
  while (text.slice(at, at + 2) === "[]") {
    const items = type;
    at += 2;
    type = { items: () => items };
  }
  skip();
  if (text[at] === "|" || text[at] === "&") {
    const other = parse(source, at + 1);
    return { type: type?.keys ? type : other.type?.keys ? other.type : undefined, at: other.at };
  }
  return { type, at };
}

/** Paths of keys that the type of an object does not know. */
export function unknownKeys(file, kind, object) {
  const found = [];
  const walk = (type, value, path) => {
    if (type?.items && Array.isArray(value)) value.forEach((each, i) => walk(type.items(), each, `${path}[${i}]`));
    else if (type?.keys && value && typeof value === "object") {
      for (const [key, each] of Object.entries(value)) {
        if (type.keys.has(key)) walk(type.keys.get(key)(), each, `${path}.${key}`);
        else if (!type.open) found.push(`${path}.${key}`);
      }
    }
  };
  walk(named(load(file), `I${kind}`), object, kind);
  return found;
}
