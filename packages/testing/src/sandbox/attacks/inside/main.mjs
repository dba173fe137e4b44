// Runs inside a sandbox, plain Node without dependencies: `node main.mjs <attack> [facts.json]`. Says `up` once it is as
// harmful as it gets, `reached <what>` for all that it should not have come to, and `done` at the end, if it has one.
import { readFileSync, writeFileSync } from "node:fs";
import { FILE_ATTACKS } from "./files.mjs";
import { HOG_ATTACKS } from "./hogs.mjs";
import { KERNEL_ATTACKS } from "./kernel.mjs";
import { NETWORK_ATTACKS } from "./network.mjs";
import { STAYING_ATTACKS } from "./staying.mjs";

const ATTACKS = {
  ...STAYING_ATTACKS,
  ...HOG_ATTACKS,
  ...NETWORK_ATTACKS,
  ...FILE_ATTACKS,
  ...KERNEL_ATTACKS,
};
const [name, factsFile] = process.argv.slice(2);
const facts = factsFile === undefined ? {} : JSON.parse(readFileSync(factsFile, "utf8"));
const attack = ATTACKS[name];
if (attack === undefined) throw new Error(`there is no attack '${name}'`);

const say = (line) => process.stdout.write(`${line}\n`);
const report = {
  /** The sandbox's folder is known to the host too: whoever cannot read along looks for the file. */
  up: () => {
    say("up");
    if (facts.upFile !== undefined) writeFileSync(facts.upFile, "");
  },
  /** Something of it was ended for lack of memory. */
  short: () => say("short"),
  reached: (what) => say(`reached ${String(what).slice(0, 200).replaceAll("\n", " ")}`),
};
const stays = await attack(facts, report);
if (stays === true) setInterval(() => undefined, 1_000_000);
else {
  say("done");
  // A socket that never answers must not hold up the answer.
  process.stdout.write("", () => process.exit(0));
}
