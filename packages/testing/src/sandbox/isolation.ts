import type { Sandbox } from "@mosaic/sandbox";
import { chmod, chown, copyFile, lstat, mkdir, readdir, symlink, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:net";
import { homedir } from "node:os";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { errorOf } from "../race.ts";
import { useTrial } from "./trial.ts";

/** What a process inside cannot do. Each test lets a real process try. */
export function isolationConformance(open: () => Sandbox): void {
  const trial = useTrial(open);

  describe("the network", () => {
    it("is absent: a server on the host's loopback is out of reach", async () => {
      const server = await listening(
        createServer((socket) => socket.end("reached")),
        { host: "127.0.0.1", port: 0 },
      );
      const address = server.address();
      const port = typeof address === "object" && address !== null ? address.port : 0;
      const script = `require('net').connect(${String(port)}, '127.0.0.1').on('error', (e) => console.log(e.code)).on('data', (d) => console.log(String(d)))`;
      const { stdout } = await trial.run({ command: ["node", "-e", script] });
      server.close();
      expect(stdout.toString()).toBe("ECONNREFUSED\n");
    });

    it("has no route, no name service and nothing but loopback", async () => {
      const script = `
        const { networkInterfaces } = require('os');
        const names = Object.keys(networkInterfaces()).join();
        require('dns').lookup('example.com', (error) => {
          require('net').connect(53, '1.1.1.1').on('error', (e) => console.log(names, error.code, e.code));
        });`;
      const { stdout } = await trial.run({ command: ["node", "-e", script] });
      expect(stdout.toString()).toMatch(/^(lo)? (ENOTFOUND|EAI_AGAIN) ENETUNREACH\n$/);
    });

    it("is a unix socket where one is mounted, even in a read-only folder", async () => {
      const folder = path.join(trial.folder, "door");
      await mkdir(folder);
      const server = await listening(
        createServer((socket) => socket.end("answer")),
        { path: path.join(folder, "s") },
      );
      const script = "require('net').connect('/door/s').on('data', (d) => console.log(String(d)))";
      const said = await trial.shell(`node -e "${script}"; rm /door/s`, {
        mounts: [{ source: folder, target: "/door", writable: false }],
      });
      const left = await readdir(folder);
      server.close();
      expect(said).toContain("answer");
      expect(said).toContain("Read-only file system");
      expect(left).toEqual(["s"]);
    });
  });

  describe("rights", () => {
    it("are those of an ordinary user without any capability", async () => {
      expect(
        await trial.shell("id -u; id -g; grep -E 'Cap(Eff|Prm|Bnd|Amb)|NoNewPrivs' /proc/self/status"),
      ).toBe(
        [
          "1000",
          "1000",
          ...["Prm", "Eff", "Bnd", "Amb"].map((set) => `Cap${set}:\t0000000000000000`),
          "NoNewPrivs:\t1",
        ].join("\n"),
      );
    });

    it("do not grow by set-user-id programs", async () => {
      const program = path.join(trial.folder, "id");
      await copyFile("/usr/bin/id", program);
      if (process.getuid?.() === 0) await chown(program, 65_534, 65_534);
      await chmod(program, 0o6755);
      const mounts = [{ source: trial.folder, target: "/own", writable: true }];
      expect(await trial.shell("/own/id", { mounts })).not.toContain("euid");
    });

    it("are not lent to the host's other users by set-user-id files in a tree", async () => {
      const mounts = [{ source: trial.folder, target: "/own", writable: true }];
      const make =
        "cp /usr/bin/id /own/id && chmod 755 /own/id; chmod 4755 /own/id; install -m 6755 /usr/bin/id /own/other";
      await trial.shell(make, { mounts });
      const modes = await Promise.all(
        (await readdir(trial.folder)).map(
          async (name) => (await lstat(path.join(trial.folder, name))).mode & 0o6000,
        ),
      );
      expect(modes).toContain(0);
      expect(modes.filter((mode) => mode !== 0)).toEqual([]);
    });

    it("do not grow by user namespaces", async () => {
      expect(await trial.shell("unshare --user echo grown || echo refused")).toMatch(/^refused/);
    });

    it("do not reach the kernel's settings, whoever runs Mosaic", async () => {
      const files = "/proc/sys/kernel/core_pattern /proc/sysrq-trigger /proc/sys/vm/drop_caches";
      expect(await trial.shell(`for f in ${files}; do (: > $f) 2>/dev/null && echo $f; done; echo end`)).toBe(
        "end",
      );
    });
  });

  describe("files", () => {
    it("of the system are read-only", async () => {
      const places = "/ /usr /usr/bin /etc /dev /opt /var /proc /root";
      expect(
        await trial.shell(`for p in ${places}; do (: > $p/probe) 2>/dev/null && echo $p; done; echo end`),
      ).toBe("end");
    });

    it("of the host's home, /tmp and accounts are not there", async () => {
      const secret = path.join(trial.folder, "secret");
      await writeFile(secret, "secret");
      const places = [
        secret,
        path.join(homedir(), ".bashrc"),
        "/etc/shadow",
        "/var/log",
        "/sys/kernel",
        "/run/docker.sock",
      ];
      expect(
        await trial.shell(`ls -d ${places.join(" ")} 2>/dev/null; ls -A /tmp; grep -c : /etc/passwd`),
      ).toBe("3");
    });

    it("in a read-only mount cannot be changed", async () => {
      await writeFile(path.join(trial.folder, "given"), "as given");
      const mounts = [{ source: trial.folder, target: "/given", writable: false }];
      const said = await trial.shell(
        "echo x > /given/given; echo x > /given/new; rm /given/given; cat /given/given",
        { mounts },
      );
      expect(said.startsWith("as given")).toBe(true);
      expect(await readdir(trial.folder)).toEqual(["given"]);
    });

    it("in /tmp are private, and bounded", async () => {
      expect(
        await trial.shell("echo mine > /tmp/mine && cat /tmp/mine && head -c 8000000 /dev/zero > /tmp/big"),
      ).toMatch(/^mine\n.*No space left on device/s);
      expect(await trial.shell("ls -A /tmp /dev/shm")).toBe("/dev/shm:\n\n/tmp:");
    });

    it("in scratch folders are private, even inside a read-only mount", async () => {
      await mkdir(path.join(trial.folder, "cache"));
      await writeFile(path.join(trial.folder, "cache", "given"), "");
      const said = await trial.shell("ls -A /deps/cache; echo x > /deps/cache/new && ls /deps/cache", {
        mounts: [{ source: trial.folder, target: "/deps", writable: false }],
        scratch: ["/deps/cache"],
      });
      expect(said).toBe("new");
      expect(await readdir(path.join(trial.folder, "cache"))).toEqual(["given"]);
    });

    it("are bounded in size and number", async () => {
      const limits = {
        memoryMb: 64,
        fileBytes: 1024 * 1024,
        openFiles: 64,
        tmpBytes: 8 * 1024 * 1024,
        processes: 256,
        cpus: 1,
      };
      expect(
        await trial.shell("head -c 2000000 /dev/zero > /tmp/f; stat -c %s /tmp/f; ulimit -n; ulimit -c", {
          limits,
        }),
      ).toMatch(/^1048576\n64\n0/);
    });
  });

  it("shows no process but its own", async () => {
    const visible = await trial.shell("ls /proc | grep -c '^[0-9]'; kill -0 " + String(process.pid));
    expect(Number(visible.split("\n")[0])).toBeLessThan(8);
    expect(visible).toMatch(/No such process/);
  });

  describe("mounts", () => {
    it("of the whole host, its kernel or its home folder are refused", async () => {
      for (const source of [
        "/",
        "/proc",
        "/sys",
        "/dev",
        "/etc",
        "/run",
        homedir(),
        path.dirname(homedir()),
      ]) {
        const mounts = [{ source, target: "/host", writable: false }];
        expect(await errorOf(trial.sandbox.start(trial.spec({ mounts })))).toMatchObject({
          name: "SandboxError",
        });
      }
    });

    it("are judged by where a link leads", async () => {
      await symlink("/etc", path.join(trial.folder, "innocent"));
      const mounts = [{ source: path.join(trial.folder, "innocent"), target: "/host", writable: false }];
      expect(await errorOf(trial.sandbox.start(trial.spec({ mounts })))).toMatchObject({
        name: "SandboxError",
      });
    });

    it("are not led astray by a link in a tree", async () => {
      await symlink("../outside", path.join(trial.folder, "node_modules"));
      const mounts = [{ source: trial.folder, target: "/tree", writable: true }];
      const scratch = ["/tree/node_modules/.cache"];
      expect(await errorOf(trial.sandbox.start(trial.spec({ mounts, scratch })))).toMatchObject({
        name: "SandboxError",
      });
      await expect(lstat(path.join(trial.folder, "../outside"))).rejects.toThrow("ENOENT");
    });
  });
}

async function listening(
  server: Server,
  where: { host: string; port: number } | { path: string },
): Promise<Server> {
  await new Promise<void>((resolve) => {
    server.listen(where, resolve);
  });
  return server;
}
