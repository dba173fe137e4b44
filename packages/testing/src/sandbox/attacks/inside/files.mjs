// Files, environments and processes of others.
import {
  appendFileSync,
  chmodSync,
  linkSync,
  lstatSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { spawnSync } from "node:child_process";
import path from "node:path";

const attempt = (act) => {
  try {
    return act() ?? true;
  } catch {
    return null;
  }
};

const processes = () => readdirSync("/proc").filter((name) => /^\d+$/.test(name));

/** Everything that can be read below a folder, links not followed; no more of each file than a key needs. */
function* readable(folder, depth = 0) {
  for (const name of attempt(() => readdirSync(folder)) ?? []) {
    if (name === true || depth > 8) continue;
    const file = path.join(folder, name);
    const stat = attempt(() => lstatSync(file));
    if (stat === null) continue;
    if (stat.isDirectory()) yield* readable(file, depth + 1);
    else if (stat.isFile() && stat.size < 1_000_000) yield file;
  }
}

export const FILE_ATTACKS = {
  "files of others": async ({ files = [], folders = [], tree = "/tree" }, report) => {
    const up = "../".repeat(12);
    for (const file of files) {
      const ways = [file, `/proc/1/root${file}`, `/proc/self/root${file}`, `/proc/1/cwd/${up}${file}`];
      ways.push(`${tree}/${up}${file.slice(1)}`);
      attempt(() => symlinkSync(file, `${tree}/link-${path.basename(file)}`));
      ways.push(`${tree}/link-${path.basename(file)}`);
      for (const way of ways) {
        if (attempt(() => readFileSync(way)) !== null) report.reached(`read ${way}`);
        if (attempt(() => appendFileSync(way, "x", { flag: "r+" })) !== null) report.reached(`wrote ${way}`);
      }
      if (attempt(() => linkSync(file, `${tree}/hard`)) !== null) report.reached(`linked ${file}`);
    }
    for (const folder of folders) {
      if (attempt(() => readdirSync(folder)) !== null) report.reached(`listed ${folder}`);
      if (attempt(() => writeFileSync(`${folder}/planted`, "x")) !== null)
        report.reached(`wrote in ${folder}`);
    }
  },
  mirror: async ({ readOnly = [] }, report) => {
    for (const folder of readOnly) {
      const file = readable(folder).next().value;
      if (file === undefined) report.reached(`(there is nothing in ${folder} to try)`);
      const acts = {
        create: () => writeFileSync(`${folder}/planted`, "x"),
        write: () => writeFileSync(file, "x"),
        append: () => appendFileSync(file, "x"),
        truncate: () => truncateSync(file, 0),
        remove: () => rmSync(file),
        rename: () => renameSync(file, `${file}.moved`),
        mode: () => chmodSync(file, 0o777),
        times: () => utimesSync(file, 1, 1),
        "by its descriptor": () => writeFileSync(`/proc/self/fd/${openSync(file, "r")}`, "x"),
        "by another root": () => writeFileSync(`/proc/self/root${file}`, "x"),
        "by process 1": () => writeFileSync(`/proc/1/root${file}`, "x"),
      };
      for (const [name, act] of Object.entries(acts))
        if (attempt(act) !== null) report.reached(`${name} ${folder}`);
      for (const options of ["remount,rw", "remount,rw,bind", "bind"])
        if (spawnSync("mount", ["-o", options, folder, folder]).status === 0)
          report.reached(`mount -o ${options}`);
      if (spawnSync("umount", ["-l", folder]).status === 0) report.reached(`umount ${folder}`);
    }
  },
  "processes of the host": async ({ pids = [], knownText = "" }, report) => {
    for (const pid of new Set([...processes(), ...pids.map(String)])) {
      const texts = ["environ", "cmdline", "maps", "mountinfo"].map(
        (name) => attempt(() => readFileSync(`/proc/${pid}/${name}`, "latin1")) ?? "",
      );
      if (knownText !== "" && texts.slice(0, 2).some((text) => String(text).includes(knownText)))
        report.reached(`environment or command line of ${pid}`);
      for (const folder of ["root", "cwd"]) {
        const listed = attempt(() => readdirSync(`/proc/${pid}/${folder}/root/.ssh`));
        if (listed !== null) report.reached(`/proc/${pid}/${folder} leads to the host`);
      }
    }
    for (const pid of pids) {
      const status = attempt(() => readFileSync(`/proc/${pid}/comm`, "utf8"));
      const ours = attempt(() => readlinkSync(`/proc/${pid}/ns/pid`)) === readlinkSync("/proc/self/ns/pid");
      if (status !== null && !ours) report.reached(`/proc/${pid}: ${status}`);
      for (const name of ["mem", "environ", "fd", "root"])
        if (!ours && attempt(() => openSync(`/proc/${pid}/${name}`, "r")) !== null)
          report.reached(`/proc/${pid}/${name}`);
    }
  },
  "secrets everywhere": async ({ secretStart = "" }, report) => {
    // Only how the secret begins is known; what is found is told in full.
    const pattern = new RegExp(`${secretStart}[\\w-]+`, "g");
    const search = (name, text) => {
      for (const found of String(text).match(pattern) ?? []) report.reached(`${name}: ${found}`);
    };
    for (const pid of processes())
      for (const name of ["environ", "cmdline"])
        search(
          `/proc/${pid}/${name}`,
          attempt(() => readFileSync(`/proc/${pid}/${name}`, "latin1")),
        );
    for (const folder of [
      "/etc",
      "/home",
      "/root",
      "/opt",
      "/run",
      "/var",
      "/tmp",
      "/dev/shm",
      "/mnt",
      "/srv",
    ])
      for (const file of readable(folder))
        search(
          file,
          attempt(() => readFileSync(file, "latin1")),
        );
    for (const descriptor of readdirSync("/proc/self/fd").map(Number)) {
      const target = attempt(() => readlinkSync(`/proc/self/fd/${descriptor}`)) ?? "";
      // Pipes, sockets and what Node itself opens; anything with a name was left open for us.
      if (descriptor > 2 && /^\/(?!dev\/(?:null|urandom)|proc)/.test(String(target)))
        report.reached(`descriptor ${descriptor} is ${target}`);
    }
  },
};
