import { type Rule, wholeToken } from "../rule.ts";
import { having, standsAlone } from "../shape.ts";

/** Hosting, databases, networks. Shapes as their makers give them to secret scanners or in their documentation. */
export const PLATFORM_RULES: readonly Rule[] = [
  standsAlone({
    id: "cloudflare-token",
    description: "Cloudflare API token, global key or origin CA key",
    keywords: ["cfut_", "cfat_", "cfk_", "v1.0-"],
    shape: "cf(?:ut|at|k)_[A-Za-z0-9]{40}[0-9a-f]{8}|v1\\.0-[0-9a-f]{24}-[0-9a-f]{146}",
  }),
  {
    id: "fly-token",
    description: "Fly.io token",
    keywords: ["fo1_", "fm1r_", "fm1a_", "fm2_"],
    pattern: "(?:^|[^A-Za-z0-9_])(fo1_[A-Za-z0-9_-]{43}|fm(?:1[ar]|2)_[A-Za-z0-9+/]{100})",
    refine: wholeToken,
  },
  standsAlone({
    id: "netlify-token",
    description: "Netlify token",
    keywords: ["nfp_", "nfc_", "nfo_", "nfu_"],
    shape: "nf[pcou]_[A-Za-z0-9]{36}",
  }),
  standsAlone({
    id: "vercel-token",
    description: "Vercel token or AI gateway key",
    keywords: ["vcp_", "vci_", "vca_", "vcr_", "vck_"],
    shape: "vc[piark]_[A-Za-z0-9]{56}",
  }),
  standsAlone({
    id: "render-key",
    description: "Render API key",
    keywords: ["rnd_"],
    shape: "rnd_[A-Za-z0-9]{28,32}",
    refine: having(/[A-Z]/),
  }),
  standsAlone({
    id: "supabase-key",
    description: "Supabase access token or secret key",
    keywords: ["sbp_", "sb_secret_"],
    shape: "sbp_[0-9a-f]{40}|sb_secret_[A-Za-z0-9_-]{22}_[A-Za-z0-9_-]{8}",
  }),
  standsAlone({
    id: "planetscale-secret",
    description: "PlanetScale token, password or OAuth secret",
    keywords: ["pscale_tkn_", "pscale_pw_", "pscale_oauth_"],
    shape: "pscale_(?:tkn|pw|oauth)_[A-Za-z0-9_=.-]{32,64}",
  }),
  standsAlone({
    id: "neon-key",
    description: "Neon API key",
    keywords: ["napi_"],
    shape: "napi_[a-z0-9]{64}",
  }),
  standsAlone({
    id: "mongodb-atlas-secret",
    description: "MongoDB Atlas service account secret",
    keywords: ["mdb_sa_sk_"],
    shape: "mdb_sa_sk_[A-Za-z0-9_-]{40}",
  }),
  standsAlone({
    id: "scaleway-key-id",
    description: "Scaleway access key id",
    keywords: ["scw"],
    shape: "SCW[A-Z0-9]{17}",
    refine: having(/[0-9]/),
  }),
  standsAlone({
    id: "tencent-key-id",
    description: "Tencent Cloud secret id",
    keywords: ["akid"],
    shape: "AKID[A-Za-z0-9]{32}",
  }),
  standsAlone({
    id: "yandex-key",
    description: "Yandex Cloud API key or IAM token",
    keywords: ["aqvn", "t1."],
    shape: "AQVN[A-Za-z0-9_-]{35,38}|t1\\.[A-Z0-9a-z_-]{1,400}={0,2}\\.[A-Z0-9a-z_-]{86}={0,2}",
  }),
  standsAlone({
    id: "tailscale-key",
    description: "Tailscale key",
    keywords: ["tskey-"],
    shape: "tskey-(?:api|auth|client|scim|webhook)-[A-Za-z0-9]{8,20}-[A-Za-z0-9]{20,40}",
  }),
  standsAlone({
    id: "openshift-token",
    description: "OpenShift token",
    keywords: ["sha256~"],
    shape: "sha256~[A-Za-z0-9_-]{43}",
  }),
  standsAlone({
    id: "pulumi-token",
    description: "Pulumi token",
    keywords: ["pul-"],
    shape: "pul-[0-9a-f]{40}",
  }),
  standsAlone({
    id: "prefect-key",
    description: "Prefect key",
    keywords: ["pnu_", "pnb_"],
    shape: "pn[ub]_[A-Za-z0-9]{36}",
  }),
  standsAlone({
    id: "deno-deploy-token",
    description: "Deno Deploy token",
    keywords: ["ddp_", "ddw_", "ddo_"],
    shape: "dd[pwo]_[A-Za-z0-9]{36}",
  }),
  standsAlone({
    id: "maxmind-key",
    description: "MaxMind license key",
    keywords: ["_mmk"],
    shape: "[A-Za-z0-9]{6}_[A-Za-z0-9]{29}_mmk",
  }),
];
