import { extendOver, type Rule, wholeToken } from "../rule.ts";
import { having, standsAlone, UUID } from "../shape.ts";

/** Payment, shipping, mail, social networks. */
export const COMMERCE_RULES: readonly Rule[] = [
  standsAlone({
    id: "shippo-token",
    description: "Shippo token",
    keywords: ["shippo_live_", "shippo_test_"],
    shape: "shippo_(?:live|test)_[0-9a-f]{40}",
  }),
  standsAlone({
    id: "easypost-key",
    description: "EasyPost key",
    keywords: ["ezak", "eztk"],
    shape: "EZ[AT]K[A-Za-z0-9]{54}",
  }),
  standsAlone({
    id: "duffel-token",
    description: "Duffel token",
    keywords: ["duffel_live_", "duffel_test_"],
    shape: "duffel_(?:live|test)_[A-Za-z0-9_=-]{43}",
  }),
  standsAlone({
    id: "plaid-token",
    description: "Plaid access token",
    keywords: ["access-production-", "access-sandbox-", "access-development-"],
    shape: `access-(?:production|sandbox|development)-${UUID}`,
  }),
  standsAlone({
    id: "braintree-token",
    description: "Braintree or PayPal access token",
    keywords: ["access_token$production$"],
    shape: "access_token\\$production\\$[0-9a-z]{16}\\$[0-9a-f]{32}",
  }),
  standsAlone({
    id: "razorpay-key",
    description: "Razorpay key id",
    keywords: ["rzp_live_"],
    shape: "rzp_live_[A-Za-z0-9]{14}",
  }),
  standsAlone({
    id: "flutterwave-key",
    description: "Flutterwave secret key",
    keywords: ["flwseck"],
    shape: "FLWSECK(?:_TEST)?-[0-9a-h]{32}-X",
  }),
  standsAlone({
    id: "brevo-key",
    description: "Brevo (Sendinblue) key",
    keywords: ["xkeysib-", "xsmtpsib-"],
    shape: "x(?:key|smtp)sib-[0-9a-f]{64}-[A-Za-z0-9]{16}",
  }),
  standsAlone({
    id: "resend-key",
    description: "Resend key",
    keywords: ["re_"],
    shape: "re_[A-Za-z0-9]{8}_[A-Za-z0-9]{24}",
    refine: having(/[A-Z]/),
  }),
  standsAlone({
    id: "mailersend-token",
    description: "MailerSend token",
    keywords: ["mlsn."],
    shape: "mlsn\\.[0-9a-f]{64}",
  }),
  {
    id: "teams-webhook",
    description: "Microsoft Teams webhook URL",
    keywords: ["webhook.office.com"],
    pattern: `(https://[A-Za-z0-9-]{1,60}\\.webhook\\.office\\.com/webhookb2/${UUID}@${UUID}/IncomingWebhook/[0-9a-f]{32}/${UUID})`,
  },
  {
    id: "facebook-token",
    description: "Facebook or Instagram access token",
    keywords: ["eaa"],
    pattern: "(?:^|[^A-Za-z0-9_+/])(EAA[A-Z][A-Za-z0-9]{110,400})(?:[^A-Za-z0-9_+/=-]|$)",
  },
  {
    id: "twitter-bearer-token",
    description: "X (Twitter) bearer token",
    keywords: ["aaaaaaaaaaaaaaaaaaaaa"],
    pattern:
      "(?:^|[^A-Za-z0-9_+/])(A{21}[B-Zb-z0-9][A-Za-z0-9]{5,30}(?:%[0-9A-F]{2}[A-Za-z0-9]{1,80}){1,4})(?:[^A-Za-z0-9_+/=-]|$)",
  },
  {
    id: "firebase-server-key",
    description: "Firebase Cloud Messaging server key",
    keywords: ["aaaa"],
    pattern: "(?:^|[^A-Za-z0-9_+/])(AAAA[A-Za-z0-9_-]{7}:[A-Za-z0-9_-]{140})",
    refine: wholeToken,
  },
  standsAlone({
    id: "amazon-mws-token",
    description: "Amazon Marketplace token",
    keywords: ["amzn.mws."],
    shape: `amzn\\.mws\\.${UUID}`,
  }),
  {
    id: "google-refresh-token",
    description: "Google OAuth refresh token",
    keywords: ["1//0"],
    pattern: "(?:^|[^A-Za-z0-9/])(1//0[A-Za-z0-9_-]{40})",
    refine: wholeToken,
  },
  {
    id: "aws-bedrock-key",
    description: "Amazon Bedrock API key",
    keywords: ["absk"],
    pattern: "(?:^|[^A-Za-z0-9+/])(ABSK[A-Za-z0-9+/]{109})",
    refine: extendOver(/[A-Za-z0-9+/=]/),
  },
];
