import { type Case, secret as s } from "./case.ts";
import { alnum, anthropicKey, base32, base64, glue, hex, letters, token, uuid } from "./samples.ts";

/** Models and clouds. */
export const MODELS_AND_CLOUDS: readonly Case[] = [
  {
    rule: "anthropic-key",
    secrets: [
      `export ANTHROPIC_API_KEY=${s(anthropicKey())}`,
      `"key": "${s(anthropicKey("admin01"))}"`,
      `x%3D${s(anthropicKey("oat01"))}`,
      `prefix${s(glue("sk-", "ant-", "sid01-", token(86), "-", token(8)))}`,
    ],
    lookalikes: ["sk-ant-api03-...", glue("sk-", "ant-api03-", alnum(40)), "task-ant-api03-run"],
  },
  {
    rule: "legacy-sk-key",
    secrets: [`key is ${s(glue("sk-", alnum(48)))}.`],
    lookalikes: [
      glue("task-", alnum(48)),
      glue("sk-", alnum(47)),
      glue("sk-", "a".repeat(48)),
      glue("sk-", alnum(60)),
    ],
  },
  {
    rule: "openai-key",
    secrets: [
      `OPENAI=${s(glue("sk-", "proj-", token(48)))}`,
      s(glue("sk-", alnum(20), "T3Blbk", "FJ", alnum(20))),
      s(glue("sk-", "svcacct-", token(120))),
    ],
    lookalikes: ["sk-project-name-of-a-task", "risk-proj-assessment"],
  },
  { rule: "openrouter-key", secrets: [s(glue("sk-", "or-v1-", hex(64)))], lookalikes: ["sk-or-v1-yourkey"] },
  {
    rule: "huggingface-token",
    secrets: [s(glue("h", "f_", letters(34)))],
    lookalikes: [glue("sh", "f_", letters(34))],
  },
  { rule: "groq-key", secrets: [s(glue("gs", "k_", alnum(52)))], lookalikes: ["gsk_example"] },
  { rule: "perplexity-key", secrets: [s(glue("pp", "lx-", alnum(48)))], lookalikes: ["pplx-70b-online"] },
  {
    rule: "replicate-token",
    secrets: [s(glue("r", "8_", alnum(37)))],
    lookalikes: [glue("bar", "8_", alnum(37))],
  },
  { rule: "xai-key", secrets: [s(glue("xa", "i-", alnum(80)))], lookalikes: ["xai-grok-2-latest"] },
  {
    rule: "aws-access-key-id",
    secrets: [
      `aws_access_key_id = ${s(glue("AK", "IA", base32(16)))}`,
      `%3D${s(glue("AS", "IA", base32(16)))}&`,
      `${s(glue("AK", "IA", base32(16)))} ${glue("AK", "IA", "IOSFODNN7", "EXAMPLE")}`,
    ],
    lookalikes: [
      glue("AK", "IA", "IOSFODNN7", "EXAMPLE"),
      glue("AK", "IA", base32(20)),
      glue("Xx", "AKIA", base32(16)),
    ],
  },
  {
    rule: "aws-secret-key",
    secrets: [
      `aws_secret_access_key = ${s(base64(40, 3))}`,
      `"SecretAccessKey": "${s(base64(40, 4))}"`,
      `AWS_SECRET=${s(base64(40, 5))}`,
    ],
    lookalikes: [
      `aws_commit = ${hex(40)}`,
      glue("aws_secret_access_key = wJalrXUtnFEMI/K7MDENG/bPxRfiCY", "EXAMPLEKEY"),
    ],
  },
  { rule: "google-api-key", secrets: [`key=${s(glue("AI", "za", token(35)))}`], lookalikes: ["AIzaSy..."] },
  {
    rule: "google-oauth-secret",
    secrets: [s(glue("GOC", "SPX-", token(28)))],
    lookalikes: ["GOCSPX-secret"],
  },
  { rule: "google-oauth-token", secrets: [s(glue("ya", "29.", token(120)))], lookalikes: ["ya29.xxx"] },
  {
    rule: "gcp-service-account",
    secrets: [`  "private_key_id": "${s(hex(40))}",`],
    lookalikes: ['"private_key_id": "some-id"', `"commit_id": "${hex(40)}"`],
  },
  {
    rule: "azure-storage-key",
    secrets: [`DefaultEndpointsProtocol=https;AccountName=a;AccountKey=${s(`${base64(86)}==`)};E=x`],
    lookalikes: ["AccountKey=<key>", "AccountKey=${KEY}"],
  },
  {
    rule: "azure-sas-signature",
    secrets: [`https://a.blob.core.windows.net/c?sv=2026&sig=${s(`${alnum(43)}%3D`)}`],
    lookalikes: ["?sig=abc%3D", `?design=${alnum(43)}%3D`],
  },
  {
    rule: "azure-client-secret",
    secrets: [`secret ${s(glue(alnum(3), "8", "Q~", alnum(34)))}`],
    lookalikes: ["FAQ~1", glue("abc8", "Q~", alnum(10))],
  },
  {
    rule: "digitalocean-token",
    secrets: [s(glue("dop", "_v1_", hex(64)))],
    lookalikes: ["dop_v1_token", glue("dop", "_v1_", hex(40))],
  },
  {
    rule: "heroku-key",
    secrets: [`HEROKU_API_KEY=${s(uuid())}`, s(glue("HRKU", "-AA", token(58)))],
    lookalikes: ["HEROKU_API_KEY=none", `heroku app ${uuid()}`],
  },
  {
    rule: "vault-token",
    secrets: [s(glue("hv", "s.", token(90)))],
    lookalikes: ["hvs.example", glue("xhv", "s.", token(30))],
  },
  {
    rule: "terraform-cloud-token",
    secrets: [s(glue(alnum(14), ".atlas", "v1.", alnum(67)))],
    lookalikes: ["x.atlasv1.y"],
  },
  {
    rule: "databricks-token",
    secrets: [s(glue("da", "pi", hex(32)))],
    lookalikes: ["dapiVersion", glue("xda", "pi", hex(32))],
  },
  { rule: "doppler-token", secrets: [s(glue("dp.", "pt.", alnum(43)))], lookalikes: ["dp.pt.name"] },
  {
    rule: "alibaba-key-id",
    secrets: [` ${s(glue("LT", "AI", alnum(20)))} `],
    lookalikes: [glue("XLT", "AI", alnum(20))],
  },
];
