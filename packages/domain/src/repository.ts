export type RepositoryKind = "https" | "ssh" | "local";

export interface Repository {
  readonly kind: RepositoryKind;
  /** What git is given: an URL without user information (https), `ssh://…`, or an absolute path. */
  readonly url: string;
  /** Lower-cased host; empty for a local path. */
  readonly host: string;
}

export type RepositoryRefusal =
  | { readonly code: "invalid_repository"; readonly why: string }
  | { readonly code: "repository_scheme_refused"; readonly why: string };

const SCP_LIKE =
  /^(?:([A-Za-z0-9_.-]+)@)?([A-Za-z0-9][A-Za-z0-9.-]*):(?!\/\/)([A-Za-z0-9_~/][A-Za-z0-9._~/-]*)$/;
/** A DNS name whose last label starts with a letter, which no spelling of an IP address does. */
const HOST = /^(?=.{1,253}$)(?:[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?\.)*[a-z](?:[a-z0-9-]*[a-z0-9])?$/;
const CONTROL = /\p{Cc}/u;

const invalid = (why: string): RepositoryRefusal => ({ code: "invalid_repository", why });

/**
 * Reads a repository as a caller names it: `https://host/path`, `ssh://[user@]host/path`, `user@host:path` or an
 * absolute path. Says why not for anything else. It decides the form only: whether this caller may use it is policy.
 * Rules and their reasons: research note "sandbox and git", section 4.2.
 */
export function parseRepository(text: string): Repository | RepositoryRefusal {
  if (text.length === 0 || text.length > 2048) return invalid("it must be 1 to 2048 characters long");
  if (CONTROL.test(text)) return invalid("it contains control characters");
  if (text.startsWith("-")) return invalid("it starts with '-', which git would read as an option");
  if (text.startsWith("/")) return local(text);
  const scp = SCP_LIKE.exec(text);
  if (scp) return remote("ssh", `ssh://${scp[1] ?? "git"}@${scp[2]}/${scp[3]}`);
  const scheme = /^([a-z][a-z0-9+.-]*):/i.exec(text)?.[1]?.toLowerCase();
  if (scheme === undefined) {
    return invalid(
      "it is neither an URL nor an absolute path; use https://…, ssh://… or /path/to/repository",
    );
  }
  if (scheme === "https" || scheme === "ssh") return remote(scheme, text);
  return {
    code: "repository_scheme_refused",
    why: `the scheme '${scheme}:' is refused; use https://…, ssh://… or an absolute path`,
  };
}

function local(path: string): Repository | RepositoryRefusal {
  if (path.split("/").includes("..")) return invalid("the path contains '..'");
  return { kind: "local", url: path.length > 1 ? path.replace(/\/+$/, "") : path, host: "" };
}

function remote(kind: "https" | "ssh", text: string): Repository | RepositoryRefusal {
  if (!URL.canParse(text)) return invalid("it is not a valid URL");
  const url = new URL(text);
  if (url.password !== "" || (kind === "https" && url.username !== "")) {
    return invalid("it carries a user name or password; configure credentials instead (see the runbook)");
  }
  const host = url.hostname.toLowerCase();
  if (host === "") return invalid("it has no host");
  if (!HOST.test(host)) return invalid("its host is not a DNS name (IP addresses are refused)");
  if (url.hash !== "" || url.search !== "") return invalid("it has a query or fragment");
  if (url.pathname.length < 2) return invalid("it has no path");
  return { kind, url: url.href, host };
}

/** True for a refusal, so that callers can narrow the answer of {@link parseRepository}. */
export function isRefusal(value: Repository | RepositoryRefusal): value is RepositoryRefusal {
  return "code" in value;
}
