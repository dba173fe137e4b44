import { extendOver, type Rule, wholeToken } from "../rule.ts";
import { besideName, standsAlone, UUID } from "../shape.ts";

/** Documents, design, customers, identity. */
export const WORK_TOOL_RULES: readonly Rule[] = [
  standsAlone({
    id: "airtable-token",
    description: "Airtable token",
    keywords: ["pat"],
    shape: "pat[A-Za-z0-9]{14}\\.[0-9a-f]{64}",
  }),
  standsAlone({
    id: "notion-token",
    description: "Notion token",
    keywords: ["ntn_"],
    shape: "ntn_[0-9]{11}[A-Za-z0-9]{35}",
  }),
  standsAlone({
    id: "asana-token",
    description: "Asana personal access token",
    keywords: ["1/", "2/"],
    shape: "[12]/[0-9]{16}(?:/[0-9]{16})?:[0-9a-f]{32}",
  }),
  standsAlone({
    id: "clickup-token",
    description: "ClickUp token",
    keywords: ["pk_"],
    shape: "pk_[0-9]{6,10}_[A-Z0-9]{32}",
  }),
  standsAlone({
    id: "figma-token",
    description: "Figma token",
    keywords: ["figd_", "figo_", "figu_", "figor_", "figur_"],
    shape: "fig(?:d|o|u|or|ur)_[A-Za-z0-9_-]{40}",
  }),
  {
    id: "dropbox-token",
    description: "Dropbox token",
    keywords: ["sl."],
    pattern: "(?:^|[^A-Za-z0-9_.])(sl\\.(?:u\\.)?[A-Za-z0-9_-]{130})",
    refine: wholeToken,
  },
  standsAlone({
    id: "hubspot-token",
    description: "HubSpot private app token",
    keywords: ["pat-na", "pat-eu"],
    shape: `pat-(?:na|eu)[0-9]-${UUID}`,
  }),
  {
    id: "salesforce-token",
    description: "Salesforce session or access token",
    keywords: ["00d"],
    pattern: "(?:^|[^A-Za-z0-9])(00D[A-Za-z0-9]{12,15}![A-Za-z0-9._]{80})",
    refine: extendOver(/[A-Za-z0-9._]/),
  },
  standsAlone({
    id: "typeform-token",
    description: "Typeform token",
    keywords: ["tfp_"],
    shape: "tfp_[A-Za-z0-9_.=-]{59}",
  }),
  standsAlone({
    id: "contentful-token",
    description: "Contentful management token",
    keywords: ["cfpat-"],
    shape: "CFPAT-[A-Za-z0-9_-]{43}",
  }),
  {
    id: "mapbox-token",
    description: "Mapbox secret token",
    keywords: ["sk.eyj"],
    pattern: "(?:^|[^A-Za-z0-9_.])(sk\\.eyJ[A-Za-z0-9_-]{50,300}\\.[A-Za-z0-9_-]{22})(?:[^A-Za-z0-9_-]|$)",
  },
  {
    id: "okta-token",
    description: "Okta token",
    keywords: ["ssws", "okta"],
    pattern:
      "(?i:ssws[ \\t]{1,3}|okta[a-z0-9_. -]{0,30}[\"']?[ \\t]{0,3}[=:][ \\t]{0,3}[\"']?)(00[A-Za-z0-9_-]{40})(?:[^A-Za-z0-9_-]|$)",
  },
  {
    id: "onepassword-token",
    description: "1Password service account token or secret key",
    keywords: ["ops_eyj", "a3-"],
    pattern:
      "(?:^|[^A-Za-z0-9_])(ops_eyJ[A-Za-z0-9+/]{200}|A3-[A-Z0-9]{6}-(?:[A-Z0-9]{11}|[A-Z0-9]{6}-[A-Z0-9]{5})-[A-Z0-9]{5}-[A-Z0-9]{5}-[A-Z0-9]{5})",
    refine: extendOver(/[A-Za-z0-9+/=]/),
  },
  standsAlone({
    id: "intra42-secret",
    description: "42 Intra client secret",
    keywords: ["s-s4t2"],
    shape: "s-s4t2(?:ud|af)-[0-9a-f]{64}",
  }),
  standsAlone({
    id: "frameio-token",
    description: "Frame.io token",
    keywords: ["fio-u-"],
    shape: "fio-u-[A-Za-z0-9_=-]{64}",
  }),
  besideName({
    id: "zendesk-key",
    description: "Zendesk token beside the name",
    keywords: ["zendesk"],
    shape: "[A-Za-z0-9]{40}",
  }),
];
