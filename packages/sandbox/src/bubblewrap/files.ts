import { lstatSync, readlinkSync, statSync } from "node:fs";
import { SANDBOX_HOME } from "../layout.ts";

/** Account files of the inside, made here: the host's would tell who uses it. */
export const ACCOUNT_FILES: Readonly<Record<string, string>> = {
  "/etc/passwd": `root:x:0:0:root:/nonexistent:/usr/sbin/nologin\nmosaic:x:1000:1000:Mosaic:${SANDBOX_HOME}:/bin/sh\nnobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n`,
  "/etc/group": "root:x:0:\nmosaic:x:1000:\nnogroup:x:65534:\n",
  "/etc/hosts": "127.0.0.1 localhost mosaic\n::1 localhost\n",
  "/etc/nsswitch.conf": "passwd: files\ngroup: files\nhosts: files\n",
};

/** Of the host's /etc only what programs in /usr need to run: no accounts, no keys, no configuration of services. */
const HOST_FILES = [
  "/etc/ld.so.cache",
  "/etc/alternatives",
  "/etc/localtime",
  "/etc/ssl/certs",
  "/etc/ssl/openssl.cnf",
  "/etc/ca-certificates.conf",
  "/etc/pki/tls/certs",
  "/etc/pki/ca-trust/extracted",
  "/etc/crypto-policies",
  "/etc/services",
  "/etc/protocols",
  "/etc/mime.types",
];

export const hostFiles = (): readonly string[] => HOST_FILES.filter(exists);

/**
 * Kernel files that only root may read, or that name the kernel's addresses. Started by root, a sandbox's processes are
 * root without capabilities, which these files' modes do not stop.
 */
const MASKED = [
  "kallsyms",
  "kcore",
  "keys",
  "kmsg",
  "kpagecgroup",
  "kpagecount",
  "kpageflags",
  "latency_stats",
  "pagetypeinfo",
  "sched_debug",
  "slabinfo",
  "sysrq-trigger",
  "timer_list",
  "vmallocinfo",
];

export const maskedFiles = (): readonly string[] => MASKED.map((name) => `/proc/${name}`).filter(exists);

/** /bin and its like: links into /usr on most systems, folders of their own on some. */
export function systemFolders(): { readonly folder: string; readonly link: string | null }[] {
  return ["/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32"]
    .filter(exists)
    .map((folder) => ({ folder, link: lstatSync(folder).isSymbolicLink() ? readlinkSync(folder) : null }));
}

function exists(file: string): boolean {
  return statSync(file, { throwIfNoEntry: false }) !== undefined;
}
