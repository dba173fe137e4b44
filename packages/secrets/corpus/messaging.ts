import { type Case, secret as s } from "./case.ts";
import { alnum, digits, glue, hex, token, upperAlnum } from "./samples.ts";

/** Chat, mail, telephony, payment. */
export const MESSAGING: readonly Case[] = [
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
