/** The parts that are looked at of what an OCI runtime (runc, crun) is given: config.json of the runtime specification. */
export interface OciConfig {
  readonly process: {
    readonly user: {
      readonly uid: number;
      readonly gid: number;
      readonly additionalGids?: readonly number[];
    };
    readonly terminal?: boolean;
    readonly env?: readonly string[];
    readonly args: readonly string[];
    readonly cwd: string;
    readonly capabilities?: Readonly<Record<string, readonly string[] | null>>;
    readonly noNewPrivileges?: boolean;
    readonly rlimits?: readonly Rlimit[];
  };
  readonly root: { readonly readonly?: boolean };
  readonly mounts: readonly OciMount[];
  readonly hooks?: Readonly<Record<string, readonly unknown[] | null>>;
  readonly linux: {
    readonly namespaces: readonly { readonly type: string; readonly path?: string }[];
    readonly resources?: OciResources;
    readonly cgroupsPath?: string;
    readonly maskedPaths?: readonly string[];
    readonly readonlyPaths?: readonly string[];
    readonly seccomp?: unknown;
    readonly sysctl?: Readonly<Record<string, string>>;
    readonly devices?: readonly unknown[];
    readonly rootfsPropagation?: string;
  };
}

export interface OciMount {
  readonly destination: string;
  readonly type: string;
  readonly source: string;
  readonly options?: readonly string[];
}

interface Rlimit {
  readonly type: string;
  readonly soft: number;
  readonly hard: number;
}

interface OciResources {
  readonly memory?: { readonly limit?: number; readonly swap?: number };
  readonly cpu?: { readonly quota?: number; readonly period?: number };
  readonly pids?: { readonly limit?: number };
  readonly devices?: readonly { readonly allow: boolean }[];
}

/** The parts that are looked at of libpod's own inspect. */
export interface LibpodContainer {
  readonly Image: string;
  readonly State: { readonly Pid: number };
  /** Where the OCI runtime's config.json is, on the engine's host. Empty before the container is set up. */
  readonly OCIConfigPath?: string;
  readonly Config: { readonly Labels?: Readonly<Record<string, string>> | null };
  readonly HostConfig: {
    readonly AutoRemove: boolean;
    readonly Privileged: boolean;
    readonly LogConfig: { readonly Type: string };
    readonly RestartPolicy: { readonly Name: string };
  };
}
