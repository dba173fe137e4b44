import { describe, expect, it } from "vitest";
import { alnum, anthropicKey, glue, pem } from "../corpus/samples.ts";
import { createKnownValueTest } from "./known-values.ts";
import type { ScannerOptions } from "./port.ts";
import { createScanner } from "./scanner.ts";

const SALT = "a salt for the tests";
const KEY = anthropicKey();
const scannerWith = (options: Partial<ScannerOptions> = {}) => createScanner({ salt: SALT, ...options });
const scanner = scannerWith();
const scan = (path: string, content: string | Buffer) =>
  scanner.scan({ path, content: Buffer.from(content) });
const rules = (findings: readonly { rule: string }[]) => findings.map(({ rule }) => rule);

describe("a finding", () => {
  it("names rule, path and line, and never the value", () => {
    const findings = scan(
      "src/a.ts",
      `one\ntwo\n\nconst k = "${KEY}";\r\nlast ${glue("gh", "p_", alnum(36))}`,
    );
    expect(findings).toEqual([
      {
        rule: "anthropic-key",
        path: "src/a.ts",
        line: 4,
        fingerprint: expect.stringMatching(/^[0-9a-f]{32}$/),
      },
      {
        rule: "github-token",
        path: "src/a.ts",
        line: 5,
        fingerprint: expect.stringMatching(/^[0-9a-f]{32}$/),
      },
    ]);
    expect(JSON.stringify(findings)).not.toContain(KEY.slice(7, 20));
  });

  it("has a fingerprint of value and rule: the same wherever it is, another for another salt", () => {
    const [here] = scan("a", KEY);
    const [there] = scan("b/c", `x\n  ${KEY} y`);
    const [elsewhere] = scannerWith({ salt: "the salt of another instance" }).scanText(KEY);
    expect(there?.fingerprint).toBe(here?.fingerprint);
    expect(elsewhere?.fingerprint).not.toBe(here?.fingerprint);
  });

  it("is one for one value, by the most telling rule", () => {
    expect(rules(scan("a", `ANTHROPIC_API_KEY="${KEY}"`))).toEqual(["anthropic-key"]);
  });

  it("is one of at most 200 of a file", () => {
    const keys = Array.from({ length: 300 }, (_, seed) => anthropicKey("api03", seed + 1)).join("\n");
    expect(scan("a", keys)).toHaveLength(200);
    expect(scanner.redact(keys)).toBe(Array(300).fill("[redacted:anthropic-key]").join("\n"));
  });

  it("needs a salt worth the name", () => {
    expect(() => scannerWith({ salt: "short" })).toThrow("16 characters");
  });
});

describe("files", () => {
  it.each(["utf16le", "utf16be", "utf16le without mark"])("are read in %s", (encoding) => {
    const little = Buffer.from(`\ufeffa\nkey ${KEY}\n`, "utf16le");
    const content = encoding === "utf16be" ? Buffer.from(little).swap16() : little;
    const findings = scan("a.txt", encoding.endsWith("mark") ? content.subarray(2) : content);
    expect(findings).toMatchObject([{ rule: "anthropic-key", line: 2 }]);
  });

  it("are scanned when they are binary", () => {
    const content = Buffer.concat([Buffer.from([0, 255, 1, 2, 0, 0]), Buffer.from(KEY), Buffer.from([0, 7])]);
    expect(rules(scan("a.bin", content))).toEqual(["anthropic-key"]);
  });

  it("that cannot be scanned are a finding: unreadable, too large, or too slow", () => {
    const unreadable = scanner.scan({ path: "a", content: null });
    const large = scannerWith({ maxFileBytes: 100 }).scan({ path: "a", content: Buffer.alloc(101) });
    let at = 0;
    const slow = scannerWith({ timeLimitMs: 50, now: () => (at += 10) });
    const late = slow.scan({ path: "a", content: Buffer.from(`${KEY}\n${"password\n".repeat(10_000)}`) });
    expect([unreadable, large].map(rules)).toEqual([["unscannable"], ["unscannable"]]);
    expect(rules(late)).toEqual(["anthropic-key", "unscannable"]);
    expect(unreadable[0]).toMatchObject({ path: "a", line: null });
  });

  it.each([
    [".env", "A=1", "file-env"],
    ["deploy/.env.production", "A=1", "file-env"],
    ["home/.ssh/id_ed25519", "x", "file-ssh-key"],
    ["keys/Server.P12", "x", "file-key-store"],
    [".netrc", "machine x", "file-netrc"],
    [".git-credentials", "x", "file-git-credentials"],
    [".pgpass", "h:5432:d:u", "file-pgpass"],
    [".htpasswd", "u:x", "file-htpasswd"],
    [".npmrc", "//r/:_authToken=x", "file-npmrc"],
    [".pypirc", "[pypi]\npassword = x", "file-pypirc"],
    [".docker/config.json", '{"auths":{"r":{"auth": "eA=="}}}', "file-docker-config"],
    ["home/.aws/credentials", "[default]", "file-cloud-credentials"],
    ["credentials.json", '{"installed":{"client_secret":"x"}}', "file-credentials-json"],
    ["my-service-account-prod.json", '{"private_key":"x"}', "file-credentials-json"],
    [".claude/.credentials.json", '{"claudeAiOauth":{"accessToken":"x"}}', "file-credentials-json"],
    [".kube/config", "x", "file-kubeconfig"],
    [".vault-token", "x", "file-vault-token"],
    ["infra/terraform.tfstate", "{}", "file-terraform-state"],
    [".bash_history", "ls", "file-shell-history"],
  ])("%s are a finding by name", (path, content, rule) => {
    expect(scan(path, content)).toMatchObject([{ rule, path, line: null }]);
  });

  it.each([
    [".env.example", "A=1"],
    [".env.sample", "A="],
    ["src/env.ts", "x"],
    ["id_rsa.pub", "ssh-rsa AAAA"],
    [".npmrc", "registry=https://registry.npmjs.org/\n_authToken=${TOKEN}".replace("_authToken", "# ")],
    ["credentials.json", '{"name":"form fields"}'],
    ["docs/credentials.md", "x"],
    ["config.json", '{"auth": "none"}'],
    ["cert.pem", pem("CERTIFICATE")],
  ])("%s are none", (path, content) => {
    expect(scan(path, content)).toEqual([]);
  });

  it("a private key is one under any name, and in any part of a file", () => {
    expect(scan("src/cert.pem", `x\n${pem()}\n`)).toMatchObject([{ rule: "private-key", line: 2 }]);
  });
});

describe("values we hold", () => {
  const value = "correct horse/battery+staple?é";
  const held = scannerWith({ known: [{ name: "api-key", value }] });
  const bytes = Buffer.from(value);
  const inBase64 = (before: string, after: string) =>
    Buffer.from(`${before}${value}${after}`).toString("base64");

  it.each([
    ["as they are", value],
    ["in base64", bytes.toString("base64")],
    ["in base64, one byte in", inBase64("a", "z")],
    ["in base64, two bytes in", inBase64("ab", "yz")],
    ["in base64, within more", inBase64('{"key":"', '","more":"data"}')],
    ["in base64url", bytes.toString("base64url")],
    ["percent-encoded", encodeURIComponent(value)],
    [
      "percent-encoded in lower case",
      encodeURIComponent(value).replaceAll(/%../g, (escape) => escape.toLowerCase()),
    ],
    ["as a form field", new URLSearchParams({ a: value }).toString()],
    ["in hex", bytes.toString("hex")],
    ["in upper hex", bytes.toString("hex").toUpperCase()],
  ])("are found %s", (_, text) => {
    expect(rules(held.scanText(`before ${text} after`))).toEqual(["known:api-key"]);
    expect(rules(held.scan({ path: "x", content: Buffer.from(`\n${text}`) }))).toEqual(["known:api-key"]);
    expect(held.redact(`x ${text} y`)).toContain("[redacted:known:api-key]");
    expect(held.redact(`x ${text} y`)).not.toContain(text);
  });

  const key = glue("sk-ant-", "api03-", alnum(93), "AA");
  const anthropic = scannerWith({ rules: [], known: [{ name: "key", value: key }] });
  const either = [
    { name: "api-key", value },
    { name: "key", value: key },
  ];
  const base64 = (text: string) => Buffer.from(text).toString("base64");
  const hex = (text: string) => Buffer.from(text).toString("hex");

  it.each([
    ["base64 of base64", base64(base64(key))],
    ["base64 of base64, each within more", base64(`{"a":"${base64(`KEY=${key}\n`)}"}`)],
    ["base64url of base64", Buffer.from(base64(key)).toString("base64url")],
    ["percent-encoded base64", encodeURIComponent(base64(`${key}?>`))],
    ["hex of base64", hex(base64(key))],
    ["hex of base64, in upper case", hex(base64(`x${key}`)).toUpperCase()],
    ["base64 of hex", base64(hex(key))],
    ["base64 of upper hex", base64(hex(key).toUpperCase())],
    ["hex of hex", hex(hex(key))],
    ["base64 of what was percent-encoded", base64(`k=${encodeURIComponent(value)}`)],
  ])("are found in an encoding of an encoding: %s", (_, text) => {
    const found = scannerWith({ rules: [], known: either }).scanText(`before ${text} after`);
    expect(rules(found)).toEqual([expect.stringMatching(/^known:/)]);
    expect(createKnownValueTest(either)(`x ${text}`)).toBe(true);
  });

  it.each([
    ["with a plus", `const k = "${key.slice(0, 7)}" + "${key.slice(7)}";`],
    ["with a plus on another line", `k = '${key.slice(0, 20)}' +\n      '${key.slice(20)}'`],
    ["in three, side by side", `k = ("${key.slice(0, 9)}"\n     "${key.slice(9, 30)}" "${key.slice(30)}")`],
    ["in a list", `["${key.slice(0, 50)}", "${key.slice(50)}"].join("")`],
    ["with a dot", `$k = '${key.slice(0, 3)}' . '${key.slice(3)}';`],
    ["by a line break", `key: ${key.slice(0, 40)}\r\n  ${key.slice(40)}\n`],
    ["by a shell's line break", `KEY=${key.slice(0, 40)}\\\n${key.slice(40)}`],
    ["as base64 in lines", base64(`first\n${key}\nlast`).replaceAll(/.{76}/g, "$&\n")],
    ["as hex in lines", hex(key).replaceAll(/.{60}/g, "$&\n")],
  ])("are found when they are put together %s", (_, text) => {
    expect(anthropic.scanText(`one\n${text}\nlast`)).toMatchObject([{ rule: "known:key" }]);
    const redacted = anthropic.redact(`one\n${text}\nlast`);
    expect(redacted).toMatch(/^one\n[^]*\[redacted:known:key\][^]*\nlast$/);
    expect(redacted).not.toContain(key.slice(45, 60));
  });

  it("are found as often as they are put together, and where they are", () => {
    const split = `"${key.slice(0, 30)}" + "${key.slice(30)}"`;
    const text = `// "a" + "b"\n${`x = ${split}\n`.repeat(100)}y = "c" + "d"`;
    expect(anthropic.redact(text)).toBe(
      `// "a" + "b"\n${'x = "[redacted:known:key]"\n'.repeat(100)}y = "c" + "d"`,
    );
    expect(anthropic.scanText(text).map(({ line }) => line)).toEqual(
      [...Array(100).keys()].map((at) => at + 2),
    );
  });

  it("are found in JSON, with their escapes", () => {
    const quoted = scannerWith({ known: [{ name: "password", value: 'pa"ss\\wo\nrd' }] });
    expect(rules(quoted.scanText(JSON.stringify({ a: 'pa"ss\\wo\nrd' })))).toEqual(["known:password"]);
  });

  it("are found when they begin with a character that is not ASCII", () => {
    const foreign = scannerWith({ known: [{ name: "k", value: "ключ-от-дома" }] });
    expect(rules(foreign.scanText("this is ключ-от-дома here"))).toEqual(["known:k"]);
    expect(rules(foreign.scan({ path: "a", content: Buffer.from("this is ключ-от-дома here") }))).toEqual([
      "known:k",
    ]);
  });

  it("are not found in parts or in another case, and win over rules", () => {
    expect(held.scanText(value.slice(1))).toEqual([]);
    expect(held.scanText(value.toUpperCase())).toEqual([]);
    const both = scannerWith({ known: [{ name: "mine", value: KEY }] });
    expect(rules(both.scanText(`key="${KEY}"`))).toEqual(["known:mine"]);
  });

  it("must be long enough not to be ordinary text", () => {
    expect(() => scannerWith({ known: [{ name: "pin", value: "1234567" }] })).toThrow("'pin'");
  });
});

describe("redact", () => {
  it("takes out every secret, keeps the rest, and says which rule it was", () => {
    const github = glue("gh", "p_", alnum(36));
    expect(scanner.redact(`a ${KEY} b ${github}, ${KEY}\nc`)).toBe(
      "a [redacted:anthropic-key] b [redacted:github-token], [redacted:anthropic-key]\nc",
    );
  });

  it("takes out all of what overlaps, not only the part with a name", () => {
    const github = glue("gh", "p_", alnum(36));
    expect(scanner.redact(`password = "Pre.${github}.post1"`)).toBe('password = "[redacted:github-token]"');
  });

  it("returns the same text when there is nothing to take out", () => {
    for (const text of ["", "a", "nothing here", "the token was refused: 401", "\ud83d\ude00 ünïcode"]) {
      expect(scanner.redact(text)).toBe(text);
    }
  });

  it("keeps nothing of what it could not go through", () => {
    let at = 0;
    const slow = scannerWith({ timeLimitMs: 50, now: () => (at += 10) });
    expect(slow.redact(`${"password\n".repeat(10_000)}${KEY}`)).toBe("[redacted:unscannable]");
    expect(scannerWith({ maxFileBytes: 100 }).redact("x".repeat(101))).toBe("[redacted:unscannable]");
  });
});
