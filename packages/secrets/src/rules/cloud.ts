import { entropyOf } from "../randomness.ts";
import { extendOver, type Rule, secretOf, wholeToken } from "../rule.ts";

const BEFORE = "(?:^|[^A-Za-z0-9]|%[0-9A-Fa-f]{2})";

const UUID = "[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}";

const AWS: readonly Rule[] = [
  {
    id: "aws-access-key-id",
    description: "AWS access key id",
    keywords: ["akia", "asia", "abia", "acca"],
    pattern: `${BEFORE}((?:AKIA|ASIA|ABIA|ACCA)[A-Z2-7]{16})(?:[^A-Za-z0-9]|$)`,
    // AWS' documentation uses ids that end so.
    refine: (candidate) => (secretOf(candidate).endsWith("EXAMPLE") ? null : candidate),
  },
  {
    id: "aws-secret-key",
    description: "AWS secret access key",
    keywords: ["aws", "secret_access_key", "secretaccesskey"],
    pattern:
      "(?i)(?:aws|secret_?access_?key)[a-z0-9_. -]{0,40}[\"']?[ \\t]{0,3}(?:=>|:=|=|:|,)[ \\t]{0,3}[\"']?([A-Za-z0-9/+]{40})(?:[^A-Za-z0-9/+=]|$)",
    // A commit id has 40 characters as well, but only sixteen kinds of them.
    refine: (candidate) =>
      entropyOf(secretOf(candidate)) >= 4.1 && !secretOf(candidate).endsWith("EXAMPLEKEY") ? candidate : null,
  },
];

const GOOGLE: readonly Rule[] = [
  {
    id: "google-api-key",
    description: "Google API key",
    keywords: ["aiza"],
    pattern: "(AIza[A-Za-z0-9_-]{35})",
  },
  {
    id: "google-oauth-secret",
    description: "Google OAuth client secret",
    keywords: ["gocspx-"],
    pattern: "(GOCSPX-[A-Za-z0-9_-]{28})",
  },
  {
    id: "google-oauth-token",
    description: "Google OAuth access token",
    keywords: ["ya29."],
    pattern: "(ya29\\.[A-Za-z0-9_-]{40})",
    refine: wholeToken,
  },
  {
    id: "gcp-service-account",
    description: "Key id of a Google service-account file",
    keywords: ["private_key_id"],
    pattern: "private_key_id\\\\?[\"'][ \\t]{0,5}:[ \\t]{0,5}\\\\?[\"']([0-9a-f]{40})",
  },
];

const AZURE: readonly Rule[] = [
  {
    id: "azure-storage-key",
    description: "Azure storage account key",
    keywords: ["accountkey="],
    pattern: "(?i)AccountKey=([A-Za-z0-9+/]{86}==)",
  },
  {
    id: "azure-sas-signature",
    description: "Signature of an Azure shared-access URL",
    keywords: ["sig="],
    pattern: "[?&]sig=([A-Za-z0-9%]{40,70}%3[dD])",
  },
  {
    id: "azure-client-secret",
    description: "Azure application client secret",
    keywords: ["q~"],
    pattern: "(?:^|[^A-Za-z0-9_~.-])([A-Za-z0-9_~.-]{3}[0-9]Q~[A-Za-z0-9_~.-]{31,34})(?:[^A-Za-z0-9_~.-]|$)",
  },
];

const HOSTING: readonly Rule[] = [
  {
    id: "digitalocean-token",
    description: "DigitalOcean token",
    keywords: ["dop_v1_", "doo_v1_", "dor_v1_"],
    pattern: "(do[opr]_v1_[0-9a-f]{64})",
  },
  {
    id: "heroku-key",
    description: "Heroku API key",
    keywords: ["heroku", "hrku-"],
    pattern: `(?i)(?:(?:heroku)[a-z0-9_. -]{0,30}["']?[ \\t]{0,3}(?:=|:)[ \\t]{0,3}["']?(${UUID})|(HRKU-AA[A-Za-z0-9_-]{58}))`,
  },
  {
    id: "vault-token",
    description: "HashiCorp Vault token",
    keywords: ["hvs.", "hvb.", "hvr."],
    pattern: "(?:^|[^A-Za-z0-9])(hv[sbr]\\.[A-Za-z0-9_-]{24})",
    refine: wholeToken,
  },
  {
    id: "terraform-cloud-token",
    description: "HCP Terraform token",
    keywords: ["atlasv1"],
    pattern: "([A-Za-z0-9]{14}\\.atlasv1\\.[A-Za-z0-9_=-]{60})",
    refine: extendOver(/[A-Za-z0-9_=-]/),
  },
  {
    id: "databricks-token",
    description: "Databricks token",
    keywords: ["dapi"],
    pattern: "(?:^|[^A-Za-z0-9])(dapi[0-9a-f]{32})(?:[^A-Za-z0-9]|$)",
  },
  {
    id: "doppler-token",
    description: "Doppler token",
    keywords: ["dp.pt.", "dp.st.", "dp.sa.", "dp.ct.", "dp.scim.", "dp.audit."],
    pattern: "(dp\\.(?:pt|st|sa|ct|scim|audit)\\.(?:[a-z0-9_-]{2,35}\\.)?[A-Za-z0-9]{40})",
    refine: wholeToken,
  },
  {
    id: "alibaba-key-id",
    description: "Alibaba Cloud access key id",
    keywords: ["ltai"],
    pattern: `${BEFORE}(LTAI[A-Za-z0-9]{20})(?:[^A-Za-z0-9]|$)`,
  },
];

/** Clouds and hosting. */
export const CLOUD_RULES: readonly Rule[] = [...AWS, ...GOOGLE, ...AZURE, ...HOSTING];
