/**
 * A program that starts eight processes which do what they can to outlive it. Each says `up` on stdout, so that a test
 * knows when all are there; all keep stdout open. They ignore TERM, INT and HUP and sleep for ever.
 */
export const ESCAPEES = `
import { spawn } from "node:child_process";
const hold = "trap '' TERM INT HUP; echo up; while :; do sleep 1000; done";
const start = (command, options = {}) => {
  spawn(command[0], command.slice(1), { stdio: ["ignore", "inherit", "inherit"], ...options }).unref();
};
start(["sh", "-c", hold]);
start(["setsid", "sh", "-c", hold]);
start(["setsid", "--fork", "sh", "-c", hold]);
start(["sh", "-c", "( ( " + hold + " ) & ) &"]);
start(["nohup", "sh", "-c", hold]);
start(["sh", "-c", hold], { detached: true });
// Respawns whatever is killed below it.
start(["sh", "-c", "trap '' TERM INT HUP; echo up; while :; do setsid -w sleep 1000; done"], { detached: true });
const stubborn = "for (const s of ['SIGTERM', 'SIGINT', 'SIGHUP']) process.on(s, () => {}); console.log('up'); setInterval(() => {}, 1e6)";
start([process.execPath, "-e", stubborn], { detached: true });
setInterval(() => {}, 1_000_000);
`;

export const ESCAPEE_COUNT = 8;
