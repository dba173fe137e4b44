import { type Case, secret as s, shape } from "./case.ts";
import { alnum, base64, glue, hex, lowerAlnum, token } from "./samples.ts";

const wireguard = `PrivateKey = ${s(`${base64(42, 6)}A=`)}`;
const bitbucket = s(glue("AT", "CTT3", token(180)));

/** Building, testing, delivering and looking at code. */
export const BUILD_TOOLS: readonly Case[] = [
  shape("circleci-token", glue("CCI", "PAT_", alnum(22), "_", hex(40)), "CCIPAT_token"),
  shape("buildkite-token", glue("bk", "ua_", hex(40))),
  shape("sonar-token", glue("sq", "p_", hex(40)), "squ_are"),
  shape("jfrog-key", glue("AK", "Cp", alnum(69))),
  shape("clojars-token", glue("CLO", "JARS_", lowerAlnum(60)), "CLOJARS_TOKEN"),
  shape("crates-token", glue("ci", "o", alnum(32)), glue("ci", "o", "n".repeat(32))),
  shape("harness-key", glue("pa", "t.", token(22), ".", hex(24), ".", alnum(20)), "pat.name.of.field"),
  shape("sourcegraph-token", glue("sg", "p_", hex(16), "_", hex(40))),
  shape("trello-token", glue("AT", "TA", hex(64), "0123ABCD"), "ATTACHMENT"),
  {
    rule: "bitbucket-access-token",
    secrets: [bitbucket, `token: ${bitbucket}`],
    lookalikes: ["ATCTT3x", glue("AT", "CTT3", token(60))],
  },
  shape("postman-key", glue("PM", "AK-", hex(24), "-", hex(34))),
  shape("cursor-key", glue("crs", "r_", hex(64)), "key_of_the_map"),
  shape("readme-key", glue("rd", "me_", lowerAlnum(70))),
  {
    rule: "kubeconfig-client-key",
    secrets: [`    client-key-data: ${s(base64(400))}\n`],
    lookalikes: ["client-key-data: REDACTED", `client-certificate-data: ${base64(400)}`],
  },
  {
    rule: "wireguard-key",
    secrets: [`[Interface]\n${wireguard}\n`],
    lookalikes: ["PrivateKey = (hidden)", "PrivateKey = <key>", `PublicKey = ${base64(42, 6)}A=`],
  },
];

const glc = s(`${glue("gl", "c_eyJ", alnum(120))}=`);
const sentry = s(glue("sn", "trys_eyJ", alnum(120), "_", alnum(43)));

/** Monitoring, analytics, feature switches. */
export const OBSERVABILITY: readonly Case[] = [
  shape(
    "dynatrace-token",
    glue("dt", "0c01.", lowerAlnum(24).toUpperCase(), ".", lowerAlnum(64).toUpperCase()),
  ),
  shape("new-relic-key", glue("NR", "AK-", lowerAlnum(27).toUpperCase()), "NRAK-KEY"),
  {
    rule: "grafana-token",
    secrets: [s(glue("gl", "sa_", alnum(32), "_", hex(8))), `t ${glc}`],
    lookalikes: ["glsa_token", glue("gl", "sa_", alnum(32)), "glc_eyJ"],
  },
  {
    rule: "datadog-key",
    secrets: [`DD_API_KEY=${s(hex(32))}`, `datadog_app_key: "${s(hex(40))}"`],
    lookalikes: ["DD_API_KEY=none", `datadog_version = "${hex(12)}"`, `dd = ${hex(32)}`],
  },
  {
    rule: "sentry-token",
    secrets: [`auth ${sentry}`, s(glue("sn", "tryu_", hex(64)))],
    lookalikes: ["sntrys_token", glue("sn", "tryu_", hex(30))],
  },
  shape("honeycomb-key", glue("hca", "ik_", lowerAlnum(58))),
  shape(
    "launchdarkly-key",
    glue("sd", "k-", hex(8), "-", hex(4), "-4", hex(3), "-a", hex(3), "-", hex(12)),
    "sdk-js-v4",
  ),
  shape("posthog-key", glue("ph", "x_", alnum(43)), glue("ph", "c_", alnum(43))),
  shape("segment-token", glue("sg", "p_", alnum(64))),
  {
    rule: "algolia-key",
    secrets: [`ALGOLIA_ADMIN_KEY=${s(hex(32))}`, `algolia.apiKey: '${s(hex(32, 3))}'`],
    lookalikes: ["ALGOLIA_ADMIN_KEY=changeme", `algolia index ${hex(32)}`],
  },
  shape("langsmith-key", glue("lsv", "2_pt_", hex(32), "_", hex(10))),
  shape("langfuse-key", glue("sk", "-lf-", hex(8), "-", hex(4), "-4", hex(3), "-a", hex(3), "-", hex(12))),
  shape("nvidia-key", glue("nv", "api-", token(64)), "nvapi-key"),
  shape("cerebras-key", glue("cs", "k-", lowerAlnum(48))),
  shape("fireworks-key", glue("fw", "_", alnum(24)), "fw_update_available_for_device"),
  shape("elevenlabs-key", glue("sk", "_", hex(48))),
  shape("pinecone-key", glue("pc", "sk_", alnum(5), "_", alnum(63))),
  shape("tavily-key", glue("tv", "ly-", "dev-", alnum(32))),
  shape("firecrawl-key", glue("fc", "-", hex(32)), "fc-list"),
];
