/** A file that is a secret by what it is. */
export interface FileNameRule {
  readonly id: string;
  readonly description: string;
  /** The file's name in lower case. */
  readonly name?: RegExp;
  /** The end of the path in lower case, when the name alone says too little. */
  readonly path?: RegExp;
  /** The file is one only when its content has this. */
  readonly content?: RegExp;
}

export const FILE_NAME_RULES: readonly FileNameRule[] = [
  {
    id: "file-env",
    description: "Environment file (.env.example and its like are fine)",
    name: /^(?:\.env|\.env\.(?:local|production|prod|staging|live|secrets?)|\.env\..*\.local|(?:prod|production|staging)\.env)$/,
  },
  { id: "file-ssh-key", description: "SSH private key", name: /^id_(?:rsa|dsa|ecdsa|ed25519)(?:_sk)?$/ },
  {
    id: "file-key-store",
    description: "Key store or password database",
    name: /\.(?:p12|pfx|jks|keystore|kdbx?|ppk|keychain|agilekeychain|opvault)$/,
  },
  { id: "file-netrc", description: "Credentials for curl and git", name: /^[._]netrc$/ },
  { id: "file-git-credentials", description: "git's stored credentials", name: /^\.git-credentials$/ },
  { id: "file-pgpass", description: "PostgreSQL password file", name: /^\.pgpass$/ },
  { id: "file-htpasswd", description: "Web server password file", name: /^\.htpasswd$/ },
  {
    id: "file-npmrc",
    description: ".npmrc with a credential",
    name: /^\.npmrc$/,
    content: /_(?:authtoken|auth|password)\s{0,5}=\s{0,5}["']?[^\s"'$]/i,
  },
  {
    id: "file-pypirc",
    description: ".pypirc with a password",
    name: /^\.pypirc$/,
    content: /password\s{0,5}[:=]\s{0,5}\S/i,
  },
  {
    id: "file-docker-config",
    description: "Docker registry credentials",
    path: /(?:^|\/)(?:\.docker\/config\.json|\.dockercfg|\.dockerconfigjson)$/,
    content: /"auth"\s{0,5}:\s{0,5}"[^"]/,
  },
  {
    id: "file-cloud-credentials",
    description: "Credentials of a cloud's command line",
    path: /(?:^|\/)(?:\.aws\/credentials|\.boto|\.s3cfg|\.azure\/accesstokens\.json|application_default_credentials\.json)$/,
  },
  {
    id: "file-credentials-json",
    description: "credentials.json or a service-account file",
    path: /(?:^|\/)(?:\.?credentials\.json|client_secrets?[^/]{0,80}\.json|[^/]{0,80}service[_-]?account[^/]{0,80}\.json)$/,
    content: /"(?:private_key|client_secret|refresh_token|access_?token|refresh_?token|secret[a-z_]*)"/i,
  },
  {
    id: "file-kubeconfig",
    description: "Kubernetes credentials",
    path: /(?:^|\/)(?:\.kube\/config|kubeconfig)$/,
  },
  { id: "file-vault-token", description: "Vault token file", name: /^\.vault-token$/ },
  {
    id: "file-terraform-state",
    description: "Terraform state, which holds secrets in plain text",
    name: /\.tfstate(?:\.backup)?$/,
  },
  {
    id: "file-shell-history",
    description: "Shell or database history",
    name: /^\.(?:bash|zsh|sh|mysql|psql|rediscli|node_repl|python)_history$/,
  },
];

const CONTENT_LIMIT = 1_000_000;

/** The rules whose file this is. The patterns have no nested repetition, so that native matching stays linear. */
export function matchFileName(path: string, content: string): readonly FileNameRule[] {
  const lower = path.toLowerCase();
  const name = lower.slice(lower.lastIndexOf("/") + 1);
  const head = content.slice(0, CONTENT_LIMIT);
  return FILE_NAME_RULES.filter(
    (rule) =>
      (rule.name?.test(name) ?? rule.path?.test(lower) ?? false) &&
      (rule.content === undefined || rule.content.test(head)),
  );
}
