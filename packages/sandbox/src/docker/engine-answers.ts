/** The parts of the Docker Engine API's answers that are looked at. Names are the API's. */
export interface EngineInfo {
  readonly ServerVersion: string;
  readonly OSType: string;
  readonly CgroupVersion?: string;
  readonly MemoryLimit?: boolean;
  readonly SwapLimit?: boolean;
  readonly PidsLimit?: boolean;
  readonly CpuCfsQuota?: boolean;
  readonly SecurityOptions?: readonly string[] | null;
}

export interface Image {
  readonly Id: string;
  readonly Config?: {
    readonly Volumes?: Readonly<Record<string, unknown>> | null;
    /** `NAME=value` each. */
    readonly Env?: readonly string[] | null;
  } | null;
}

export interface FoundContainer {
  readonly Id: string;
  readonly Image: string;
  readonly Labels: Readonly<Record<string, string>>;
}

export interface Container {
  readonly Id: string;
  readonly Image: string;
  readonly State: {
    readonly Running: boolean;
    readonly Pid: number;
    readonly ExitCode: number;
    readonly OOMKilled: boolean;
  };
  readonly Config: Readonly<Record<string, unknown>>;
  readonly HostConfig: Readonly<Record<string, unknown>>;
  readonly Mounts: readonly MountPoint[];
}

export interface MountPoint {
  readonly Type: string;
  readonly Source: string;
  readonly Destination: string;
  readonly RW: boolean;
  readonly Propagation?: string;
}

/** Body of `POST /containers/create`. */
export interface ContainerRequest {
  readonly Image: string;
  readonly User: string;
  readonly Labels: Readonly<Record<string, string>>;
  readonly HostConfig: Readonly<Record<string, unknown>>;
  readonly [setting: string]: unknown;
}
