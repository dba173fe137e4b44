import { type Case, cut, secret as s, shape } from "./case.ts";
import { alnum, base64, digits, glue, hex, token, upperAlnum, uuid } from "./samples.ts";

const dropbox = s(glue("sl", ".", token(140)));
const salesforce = s(glue("00", "D", alnum(15), "!", alnum(96)));
const mapbox = s(glue("sk", ".eyJ", alnum(80), ".", token(22)));

/** Documents, design, customers, identity. */
export const WORK_TOOLS: readonly Case[] = [
  shape("airtable-token", glue("pa", "t", alnum(14), ".", hex(64)), "pattern.matches"),
  shape("notion-token", glue("nt", "n_", digits(11), alnum(35))),
  shape("asana-token", glue("1", "/", digits(16), ":", hex(32)), "1/2:30"),
  shape("clickup-token", glue("p", "k_", digits(8), "_", upperAlnum(32)), "pk_live_name"),
  shape("figma-token", glue("fi", "gd_", token(40))),
  { rule: "dropbox-token", secrets: [dropbox, `token ${dropbox}`], lookalikes: ["sl.example", cut(dropbox)] },
  shape("hubspot-token", glue("pa", "t-na1-", uuid()), "pat-name"),
  {
    rule: "salesforce-token",
    secrets: [salesforce, `sid=${salesforce}`],
    lookalikes: [cut(salesforce), glue("00", "D", alnum(15))],
  },
  shape("typeform-token", glue("tf", "p_", alnum(59))),
  shape("contentful-token", glue("CF", "PAT-", token(43))),
  {
    rule: "mapbox-token",
    secrets: [mapbox, `accessToken = '${mapbox}'`],
    lookalikes: [glue("pk", ".eyJ", alnum(80), ".", token(22)), glue("sk", ".eyJ", alnum(20))],
  },
  {
    rule: "okta-token",
    secrets: [
      `Authorization: SSWS ${s(glue("00", token(40)))}`,
      `OKTA_API_TOKEN=${s(glue("00", token(40, 7)))}`,
    ],
    lookalikes: ["SSWS token", `okta group ${glue("00", "g", alnum(17))}`],
  },
  {
    rule: "onepassword-token",
    secrets: [
      s(`${glue("op", "s_eyJ", base64(240))}==`),
      `key ${s(glue("A", "3-", upperAlnum(6), "-", upperAlnum(11), "-", upperAlnum(5), "-", upperAlnum(5, 2), "-", upperAlnum(5, 3)))}`,
    ],
    lookalikes: ["ops_eyJ", glue("A", "3-", upperAlnum(6), "-", upperAlnum(11)), "A3-SIZE"],
  },
  shape("intra42-secret", glue("s-s", "4t2ud-", hex(64))),
  shape("frameio-token", glue("fi", "o-u-", alnum(64))),
  {
    rule: "zendesk-key",
    secrets: [`ZENDESK_API=${s(alnum(40))}`, `zendesk.token_value: '${s(alnum(40, 5))}'`],
    lookalikes: ["ZENDESK_API=none", `zendesk article ${alnum(40)}`],
  },
];

const teams = s(
  glue(
    "https://acme.webhook.",
    "office.com/webhookb2/",
    uuid(),
    "@",
    uuid(),
    "/IncomingWebhook/",
    hex(32),
    "/",
    uuid(),
  ),
);
const facebook = s(glue("EA", "AC", alnum(160)));
const twitter = s(glue("A".repeat(21), "Lz", alnum(12, 2), "%", "2F", alnum(40), "%", "3D", alnum(30, 4)));
const firebase = s(glue("AA", "AA", token(7), ":", token(140)));
const refresh = s(glue("1", "//0", token(80)));
const bedrock = s(glue("AB", "SK", base64(120), "=="));

/** Payment, shipping, mail, social networks. */
export const COMMERCE: readonly Case[] = [
  shape("shippo-token", glue("shippo", "_live_", hex(40))),
  shape("easypost-key", glue("EZ", "AK", alnum(54))),
  shape("duffel-token", glue("duffel", "_live_", token(43))),
  shape("plaid-token", glue("access", "-production-", uuid()), "access-production-database"),
  shape("braintree-token", glue("access_token", "$production$", alnum(16).toLowerCase(), "$", hex(32))),
  shape("razorpay-key", glue("rzp", "_live_", alnum(14))),
  shape("flutterwave-key", glue("FLW", "SECK-", hex(32).replaceAll("9", "h"), "-X")),
  shape("brevo-key", glue("xkey", "sib-", hex(64), "-", alnum(16))),
  shape("resend-key", glue("r", "e_", alnum(8), "_", alnum(24)), "re_compiled_pattern_of_the_whole_line"),
  shape("mailersend-token", glue("ml", "sn.", hex(64))),
  {
    rule: "teams-webhook",
    secrets: [teams, `url: "${teams}"`],
    lookalikes: ["https://acme.webhook.office.com/webhookb2/", cut(teams)],
  },
  {
    rule: "facebook-token",
    secrets: [facebook, `access ${facebook}`],
    lookalikes: [glue("EA", "AC", alnum(40)), glue("XEA", "AC", alnum(160))],
  },
  {
    rule: "twitter-bearer-token",
    secrets: [twitter, `Bearer ${twitter}`],
    lookalikes: ["A".repeat(60), glue("A".repeat(21), alnum(80))],
  },
  {
    rule: "firebase-server-key",
    secrets: [firebase, `key=${firebase}`],
    lookalikes: [cut(firebase), glue("AA", "AA", token(7), ":", token(40))],
  },
  shape("amazon-mws-token", glue("amzn", ".mws.", uuid())),
  {
    rule: "google-refresh-token",
    secrets: [refresh, `"refresh": "${refresh}"`],
    lookalikes: ["1//0", glue("1", "//0", token(10))],
  },
  {
    rule: "aws-bedrock-key",
    secrets: [bedrock, `AWS_BEARER = ${bedrock}`],
    lookalikes: [glue("AB", "SK", base64(40)), "ABSKELETON"],
  },
];
