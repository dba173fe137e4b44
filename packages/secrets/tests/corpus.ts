import {
  alnum,
  anthropicKey,
  base32,
  base64,
  digits,
  glue,
  hex,
  jwt,
  letters,
  lowerAlnum,
  pem,
  token,
  upperAlnum,
  uuid,
} from "./samples.ts";

export interface Case {
  readonly rule: string;
  /** Texts with one secret; what is between « and » is the secret, the marks are taken out. */
  readonly secrets: readonly string[];
  /** Texts that look much like one and are none. */
  readonly lookalikes: readonly string[];
}

const s = (secret: string) => `«${secret}»`;

const VENDORS: readonly Case[] = [
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
  {
    rule: "github-token",
    secrets: [
      `https://x:${s(glue("gh", "p_", alnum(36)))}@github.com`,
      ...["o", "u", "s", "r"].map((kind) => `t=${s(glue("gh", kind, "_", alnum(36)))}`),
    ],
    lookalikes: [glue("gh", "p_", "xxxx"), glue("gh", "p_", alnum(20)), "ghs_per_hour_of_operation"],
  },
  {
    rule: "github-fine-grained-token",
    secrets: [s(glue("github", "_pat_", alnum(22), "_", alnum(59)))],
    lookalikes: ["github_pat_example"],
  },
  {
    rule: "gitlab-token",
    secrets: [
      s(glue("gl", "pat-", token(20))),
      `url ${s(glue("gl", "dt-", token(20)))}`,
      s(glue("gl", "rt-", token(20))),
    ],
    lookalikes: ["glpat-xxx", "gldt-short"],
  },
  {
    rule: "bitbucket-token",
    secrets: [s(glue("AT", "BB", alnum(32)))],
    lookalikes: [glue("AT", "BB", alnum(12))],
  },
  { rule: "atlassian-token", secrets: [s(glue("ATA", "TT3", alnum(186)))], lookalikes: ["ATATT3x"] },
  {
    rule: "npm-token",
    secrets: [`t ${s(glue("np", "m_", alnum(36)))}`],
    lookalikes: ["npm_config_registry", glue("np", "m_", letters(20))],
  },
  {
    rule: "npmrc-auth",
    secrets: [
      `//registry.example/:_authToken=${s(lowerAlnum(30))}`,
      `//r.example/:_password="${s(base64(20, 2))}"`,
    ],
    lookalikes: ["//registry.npmjs.org/:_authToken=${NPM_TOKEN}", "always-auth=true"],
  },
  {
    rule: "pypi-token",
    secrets: [s(glue("py", "pi-", "AgEIcHlwaS5vcmc", token(70)))],
    lookalikes: ["pypi-AgE"],
  },
  { rule: "rubygems-key", secrets: [s(glue("ruby", "gems_", hex(48)))], lookalikes: ["rubygems_api_key"] },
  {
    rule: "docker-hub-token",
    secrets: [s(glue("dckr", "_pat_", token(27)))],
    lookalikes: ["dckr_pat_token"],
  },
  {
    rule: "nuget-key",
    secrets: [s(glue("oy", "2", lowerAlnum(43)))],
    lookalikes: [glue("toy", "2", lowerAlnum(43))],
  },
  {
    rule: "slack-token",
    secrets: [
      `SLACK=${s(glue("xo", "xb-", digits(12), "-", digits(12), "-", alnum(24)))}`,
      s(glue("xa", "pp-1-", upperAlnum(11), "-", digits(13), "-", hex(64))),
      s(glue("xo", "xe.xo", "xp-1-", alnum(146))),
    ],
    lookalikes: ["xoxb-not-a-real-token", "xoxp-...", "xapp-1-A"],
  },
  {
    rule: "slack-webhook",
    secrets: [
      s(glue("https://hooks.", "slack.com/services/T", upperAlnum(9), "/B", upperAlnum(9), "/", alnum(24))),
    ],
    lookalikes: ["https://hooks.slack.com/services/T000/B000/XXX"],
  },
  {
    rule: "discord-token",
    secrets: [`discord_bot = "${s(glue("M", alnum(23), ".", alnum(6), ".", token(38)))}"`],
    lookalikes: ["discord.Client.login.token", "bot: My.module.name"],
  },
  {
    rule: "discord-webhook",
    secrets: [s(glue("https://", "discord.com/api/", "webhooks/", digits(18), "/", token(68)))],
    lookalikes: ["https://discord.com/api/webhooks/123/abc"],
  },
  {
    rule: "telegram-token",
    secrets: [`bot ${s(glue(digits(9), ":A", "A", token(33)))} `],
    lookalikes: [glue(digits(12), ":A", "A", token(33)), "12:AA:BB"],
  },
  {
    rule: "sendgrid-key",
    secrets: [s(glue("S", "G.", token(22), ".", token(43)))],
    lookalikes: ["SG.example.com"],
  },
  {
    rule: "twilio-key",
    secrets: [s(glue("S", "K", hex(32))), `twilio_auth_token = "${s(hex(32, 7))}"`],
    lookalikes: [glue("TA", "SK", hex(32)), `AC${hex(32)}`, "twilio_number = +15551234"],
  },
  {
    rule: "mailgun-key",
    secrets: [s(glue("ke", "y-", hex(32)))],
    lookalikes: [glue("mon", "key-", hex(32))],
  },
  { rule: "mailchimp-key", secrets: [s(glue(hex(32), "-u", "s12"))], lookalikes: ["build-us1"] },
  {
    rule: "stripe-key",
    secrets: [
      s(glue("sk", "_live_", alnum(24))),
      s(glue("rk", "_live_", alnum(99))),
      s(glue("whs", "ec_", alnum(32))),
    ],
    lookalikes: ["sk_live_...", glue("pk", "_live_", alnum(24))],
  },
  { rule: "square-token", secrets: [s(glue("sq0", "atp-", token(22)))], lookalikes: ["sq0atp-x"] },
  { rule: "shopify-token", secrets: [s(glue("shp", "at_", hex(32)))], lookalikes: ["shpat_token"] },
  { rule: "linear-key", secrets: [s(glue("lin", "_api_", alnum(40)))], lookalikes: ["lin_api_version"] },
];

const OTHERS: readonly Case[] = [
  {
    rule: "private-key",
    secrets: [
      s(pem()),
      `key: |\n  ${s(pem("PRIVATE KEY"))}\n`,
      `{"private_key": "${s(pem("OPENSSH PRIVATE KEY").replaceAll("\n", "\\n"))}"}`,
      s(pem("PGP PRIVATE KEY BLOCK")),
    ],
    lookalikes: [
      pem("PUBLIC KEY"),
      pem("CERTIFICATE"),
      glue('if (text.includes("-----', "BEGIN ", 'PRIVATE KEY-----")) refuse();'),
      glue("-----", "BEGIN ", "PRIVATE KEY-----\n...\n-----", "END ", "PRIVATE KEY-----"),
    ],
  },
  {
    rule: "putty-key",
    secrets: [`${s(glue("PuTTY-User", "-Key-File-3: ssh-ed25519"))}\n`],
    lookalikes: ["a PuTTY key file"],
  },
  {
    rule: "age-key",
    secrets: [s(glue("AGE-SECRET", "-KEY-1", upperAlnum(58)))],
    lookalikes: ["AGE-SECRET-KEY-1..."],
  },
  {
    rule: "jwt",
    secrets: [`Cookie: session=${s(jwt())};`, `"${s(jwt(2))}"`],
    lookalikes: [
      jwt().split(".").slice(0, 2).join("."),
      "eyJhbGciOiJIUzI1NiJ9",
      glue("eyJ", alnum(9), ".eyJ", alnum(9), ".", alnum(5)),
    ],
  },
  {
    rule: "mosaic-token",
    secrets: [`X-API-Key: ${s(glue("mosaic", "_", token(43)))}`],
    lookalikes: [glue("mosaic", "_", "a_name_of_a_metric_that_is_quite_long_total")],
  },
  {
    rule: "url-password",
    secrets: [
      `DATABASE_URL=postgres://app:${s("tr0ub4dor")}@db.internal:5432/app`,
      `redis://:${s(alnum(12))}@cache:6379`,
      `mongodb+srv://u:${s(alnum(16))}@cluster0.mongodb.net`,
      `git clone https://me:${s(alnum(20))}@git.example/x.git`,
    ],
    lookalikes: [
      "postgres://postgres:postgres@localhost:5432/app",
      "postgres://user:${PASSWORD}@host/db",
      "postgres://user:<password>@host/db",
      "https://example.com:8080/@scope/name",
      "mysql://localhost:3306/db",
      "ssh://git@github.com:22/x",
    ],
  },
  {
    rule: "authorization-header",
    secrets: [
      `curl -H "Authorization: Bearer ${s(alnum(32))}"`,
      `{"authorization":"Basic ${s(base64(24, 8))}"}`,
      `X-Api-Key: ${s(alnum(32, 9))}`,
    ],
    lookalikes: [
      "Authorization: Bearer <token>",
      "Authorization: Bearer ${token}",
      "Authorization: Bearer your_token_goes_here",
      'headers["authorization"] = authorizationHeaderFor(user)',
    ],
  },
  {
    rule: "curl-credentials",
    secrets: [`curl -u admin:${s(alnum(12))} https://x.example`, `curl -s --user me:${s("s3cr3t!x")} y`],
    lookalikes: ["curl -u user:password https://x", "curl -u $USER:$PASS https://x"],
  },
  {
    rule: "generic-assignment",
    secrets: [
      `const password = "${s("Tr0ub4dor&3")}";`,
      `api_key: '${s(alnum(32))}'`,
      `"client_secret": "${s(alnum(24, 5))}"`,
      `setEnv("ACCESS_TOKEN", "${s(hex(40))}")`,
      `{\\"token\\":\\"${s(alnum(30))}\\"}`,
      `dbPassword := \`${s("aB3$xY9!qq")}\``,
    ],
    lookalikes: [
      'password = "changeme"',
      'password = "your_password_here"',
      'token = "${TOKEN}"',
      'apiKey: "<api-key>"',
      'secret = "aaaaaaaaaaaaaaaa"',
      'password: "password-input-field"',
      'token: "access_token"',
      'const key = "user.settings.theme"',
      'apiKey = "process.env.API_KEY"',
      'password = "123456789"',
      'token: "https://example.test/oauth/token1"',
      'passwordHint = "the Name of your first pet 1"',
      `integrity: "sha512-${alnum(30)}"`,
      'secretName: "db-credentials-v2"',
    ],
  },
  {
    rule: "generic-env-assignment",
    secrets: [
      `DB_PASSWORD=${s(alnum(14))}`,
      `export API_TOKEN=${s(alnum(32))}`,
      `  smtp_password: ${s(alnum(20, 3))}\n`,
      `\nsecret_key_base = ${s(hex(64))}`,
    ],
    lookalikes: [
      "DB_PASSWORD=changemechangeme",
      "API_TOKEN=$API_TOKEN_FROM_VAULT1",
      "token = parseToken(input1)",
      "max_tokens: options.maxTokens2",
      "PASSWORD=example-password-1",
      "key: some-kebab-case-name",
      "cacheReadTokens: a.cacheReadTokens1 + 1",
    ],
  },
];

export const CORPUS: readonly Case[] = [...VENDORS, ...OTHERS];
