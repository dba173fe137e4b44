import { extendOver, type Rule, wholeToken } from "../rule.ts";

const CHAT: readonly Rule[] = [
  {
    id: "slack-token",
    description: "Slack token",
    keywords: ["xoxb-", "xoxp-", "xoxa-", "xoxo-", "xoxr-", "xoxs-", "xoxe-", "xoxe.xox", "xapp-"],
    pattern:
      "(xox[abeoprs](?:\\.xox[bp])?-[0-9]{1,14}-[A-Za-z0-9-]{20}|xapp-[0-9]-[A-Z0-9]{8,14}-[0-9]{8,16}-[0-9a-f]{20})",
    refine: wholeToken,
  },
  {
    id: "slack-webhook",
    description: "Slack webhook URL",
    keywords: ["hooks.slack.com"],
    pattern:
      "(https://hooks\\.slack(?:-gov)?\\.com/(?:services|workflows|triggers)/[A-Z0-9]{8,14}/[A-Za-z0-9/_-]{24})",
    refine: extendOver(/[A-Za-z0-9/_-]/),
  },
  {
    id: "discord-token",
    description: "Discord bot token",
    keywords: ["discord", "bot"],
    pattern:
      "(?i:discord|bot)[^\\n]{0,60}?[^A-Za-z0-9_-]([MNO][A-Za-z0-9_-]{23,27}\\.[A-Za-z0-9_-]{6}\\.[A-Za-z0-9_-]{27})",
    refine: wholeToken,
  },
  {
    id: "discord-webhook",
    description: "Discord webhook URL",
    keywords: ["/api/webhooks/"],
    pattern: "(https://(?:[a-z]{1,10}\\.)?discord(?:app)?\\.com/api/webhooks/[0-9]{17,20}/[A-Za-z0-9_-]{60})",
    refine: wholeToken,
  },
  {
    id: "telegram-token",
    description: "Telegram bot token",
    keywords: [":aa"],
    pattern: "(?:^|[^0-9])([0-9]{8,10}:AA[A-Za-z0-9_-]{33})(?:[^A-Za-z0-9_-]|$)",
  },
];

const DELIVERY: readonly Rule[] = [
  {
    id: "sendgrid-key",
    description: "SendGrid key",
    keywords: ["sg."],
    pattern: "(?:^|[^A-Za-z0-9])(SG\\.[A-Za-z0-9_-]{22}\\.[A-Za-z0-9_-]{43})",
  },
  {
    id: "twilio-key",
    description: "Twilio API key, or auth token beside the name",
    keywords: [
      "twilio",
      "sk0",
      "sk1",
      "sk2",
      "sk3",
      "sk4",
      "sk5",
      "sk6",
      "sk7",
      "sk8",
      "sk9",
      "ska",
      "skb",
      "skc",
      "skd",
      "ske",
      "skf",
    ],
    pattern:
      "(?:(?:^|[^A-Za-z0-9])(SK[0-9a-f]{32})(?:[^A-Za-z0-9]|$)|(?i:twilio)[A-Za-z0-9_. -]{0,30}[\"']?[ \\t]{0,3}(?:=|:)[ \\t]{0,3}[\"']?([0-9a-f]{32})(?:[^A-Za-z0-9]|$))",
  },
  {
    id: "mailgun-key",
    description: "Mailgun key",
    keywords: ["key-"],
    pattern: "(?:^|[^A-Za-z0-9_-])(key-[0-9a-f]{32})(?:[^A-Za-z0-9]|$)",
  },
  {
    id: "mailchimp-key",
    description: "Mailchimp key",
    keywords: ["-us"],
    pattern: "(?:^|[^A-Za-z0-9])([0-9a-f]{32}-us[0-9]{1,2})(?:[^A-Za-z0-9]|$)",
  },
];

const PAYMENT: readonly Rule[] = [
  {
    id: "stripe-key",
    description: "Stripe secret or restricted key, or webhook secret",
    keywords: ["sk_live_", "rk_live_", "sk_test_", "rk_test_", "sk_org_", "whsec_"],
    pattern: "((?:[sr]k_(?:live|test|org)_[A-Za-z0-9]{24}|whsec_[A-Za-z0-9+/=]{32}))",
    refine: wholeToken,
  },
  {
    id: "square-token",
    description: "Square access token",
    keywords: ["sq0atp-", "sq0csp-"],
    pattern: "(?:^|[^A-Za-z0-9])(sq0(?:atp|csp)-[A-Za-z0-9_-]{22,43})",
  },
  {
    id: "shopify-token",
    description: "Shopify token",
    keywords: ["shpat_", "shpca_", "shppa_", "shpss_"],
    pattern: "(shp(?:at|ca|pa|ss)_[0-9a-fA-F]{32})",
  },
  {
    id: "linear-key",
    description: "Linear key",
    keywords: ["lin_api_"],
    pattern: "(lin_api_[A-Za-z0-9]{40})",
  },
];

/** Chat, mail, telephony, payment. */
export const MESSAGING_RULES: readonly Rule[] = [...CHAT, ...DELIVERY, ...PAYMENT];
