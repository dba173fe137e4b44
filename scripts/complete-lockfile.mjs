// Adds what a partial registry left out of package-lock.json. Tools ship one optional package for each platform; where
// a mirror lacks some of them, `npm install` writes no entry, and `npm ci` then refuses the whole lockfile. An entry
// without integrity is enough: npm skips it on other platforms, and fetches and checks it on its own.
import { readFileSync, writeFileSync } from "node:fs";

const OS = [
  "android",
  "darwin",
  "freebsd",
  "linux",
  "openharmony",
  "win32",
  "netbsd",
  "openbsd",
  "sunos",
  "aix",
];
const CPU = ["arm64", "arm", "x64", "ia32", "ppc64", "s390x", "riscv64", "loong64", "mips64el", "wasm32"];

const lock = JSON.parse(readFileSync("package-lock.json", "utf8"));
const added = [];
for (const [path, entry] of Object.entries(lock.packages)) {
  for (const [name, version] of Object.entries(entry.optionalDependencies ?? {})) {
    const root = `node_modules/${name}`;
    const beside = `${path.slice(0, path.lastIndexOf("node_modules/"))}${root}`;
    const found = lock.packages[`${path}/${root}`] ?? lock.packages[beside] ?? lock.packages[root];
    if (!/^\d/.test(version) || found?.version === version) continue;
    const words = name.split("/").at(-1).split(/[-_]/);
    const os = OS.filter((word) => words.includes(word));
    const cpu = CPU.filter((word) => words.includes(word));
    if (cpu.length === 0) throw new Error(`cannot tell the platform of ${name} from its name`);
    lock.packages[root in lock.packages ? beside : root] = {
      version,
      ...(entry.dev ? { dev: true } : {}),
      optional: true,
      ...(os.length > 0 ? { os } : {}),
      cpu,
    };
    added.push(name);
  }
}
lock.packages = Object.fromEntries(Object.entries(lock.packages).sort(([a], [b]) => (a < b ? -1 : 1)));
writeFileSync("package-lock.json", `${JSON.stringify(lock, null, 2)}\n`);
console.log(`${added.length} entries added`);
