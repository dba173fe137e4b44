import { createFileScanner, createScanner } from "@mosaic/secrets";
import { CORPUS } from "../../packages/secrets/corpus/corpus.ts";
import { measure, type Score, total } from "../../packages/secrets/corpus/measure.ts";
import type { ScenarioResult } from "../drill.ts";

const SALT = "the salt of the secrets drill";
const TEXTS = CORPUS.reduce((sum, { secrets, lookalikes }) => sum + secrets.length + lookalikes.length, 0);

/** Each rule on its secrets and look-alikes: our rules alone, as for transcripts, and all engines, as for snapshots. */
export async function precisionAndRecall(): Promise<readonly (readonly [string, ScenarioResult])[]> {
  const scanner = createScanner({ salt: SALT });
  const files = createFileScanner({ salt: SALT });
  try {
    const alone = await timed(perRule, (text) => scanner.scanText(text).map(({ rule }) => rule));
    const deep = await timed(imperfect, async (text) =>
      (await files.scan({ path: "a.txt", content: Buffer.from(text) })).map(({ rule }) => rule),
    );
    return [
      ["corpus: our rules (lost = missed, violated = false alarm)", alone],
      ["corpus: all engines, in the thread", deep],
    ];
  } finally {
    await files.close();
  }
}

type Tell = (scores: readonly Score[]) => readonly string[];

async function timed(tell: Tell, scan: Parameters<typeof measure>[1]): Promise<ScenarioResult> {
  let slowestMs = 0;
  const scores = await measure(CORPUS, async (text) => {
    const started = performance.now();
    const rules = await scan(text);
    slowestMs = Math.max(slowestMs, performance.now() - started);
    return rules;
  });
  const all = total(scores);
  return {
    tries: TEXTS,
    survivors: 0,
    losses: all.missed,
    violations: all.falseAlarms,
    slowestMs,
    details: [`${scores.length} rules: ${figures(all)}`, ...tell(scores)],
  };
}

const percent = (part: number): string => `${(part * 100).toFixed(part === 1 ? 0 : 1)} %`;

function figures({ precision, recall, found, missed, falseAlarms }: Score): string {
  return `precision ${percent(precision)}, recall ${percent(recall)} (${found} found, ${missed} missed, ${falseAlarms} false alarms)`;
}

const isPerfect = ({ precision, recall }: Score): boolean => precision === 1 && recall === 1;

/** Rules that are not perfect, a line each. */
function imperfect(scores: readonly Score[]): readonly string[] {
  return scores.filter((score) => !isPerfect(score)).map((score) => `${score.rule}: ${figures(score)}`);
}

/** Every rule's figures; those that are perfect several to a line. */
function perRule(scores: readonly Score[]): readonly string[] {
  const good = scores.filter(isPerfect).map(({ rule, found }) => `${rule} ${found}/${found}`);
  const lines = [...imperfect(scores)];
  for (let at = 0; at < good.length; at += 6) lines.push(`100 %: ${good.slice(at, at + 6).join(", ")}`);
  return lines;
}

/** Milliseconds a file may take, and what starting another thread may take on top. */
const LIMIT_MS = 10_000;
const SLACK_MS = 5_000;
const SIZE = 5_000_000;

const HOSTILE: Readonly<Record<string, string>> = {
  "one endless word": "a",
  keywords: "token ",
  "assignments that never close": 'token = "',
  "beginnings of keys": "sk-ant-api03-",
  "beginnings of tokens": "eyJaaaaaaaa.eyJaaaaaaaa.",
  "URLs without an end": "https://a:",
  "curl commands": "curl -u a:",
  "private key headers": ["-----BEGIN", "PRIVATE KEY-----"].join(" "),
  "secrets that begin like Slack's": "xoxb-1-",
  "AWS names": "aws_secret_access_key=",
};

/** One line of 5 MB of each, in the thread. What is given up is a finding; what hangs is a violation. */
export async function hostileLines(): Promise<ScenarioResult> {
  const files = createFileScanner({ salt: SALT, timeLimitMs: LIMIT_MS });
  const details: string[] = [];
  let slowestMs = 0;
  let violations = 0;
  try {
    await files.scan({ path: "warm", content: Buffer.from("x") });
    for (const [name, piece] of Object.entries(HOSTILE)) {
      const content = Buffer.from(piece.repeat(Math.floor(SIZE / piece.length)));
      const started = performance.now();
      const findings = await files.scan({ path: "a.txt", content });
      const ms = performance.now() - started;
      slowestMs = Math.max(slowestMs, ms);
      if (ms > LIMIT_MS + SLACK_MS) violations += 1;
      const givenUp = findings.some(({ rule }) => rule === "unscannable") ? ", given up" : "";
      details.push(`${name}: ${Math.round(ms)} ms for ${content.length} characters in one line${givenUp}`);
    }
  } finally {
    await files.close();
  }
  return { tries: Object.keys(HOSTILE).length, survivors: 0, losses: 0, violations, slowestMs, details };
}
