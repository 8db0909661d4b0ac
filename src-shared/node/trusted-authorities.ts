// Which certificate authorities downloads and health checks trust: Node's own, and those of the host's administrator.
import { readFileSync } from "node:fs";
import { createSecureContext, rootCertificates, type SecureContext } from "node:tls";

/** Where systems keep what their administrators trust, all in one file. */
const SYSTEM_FILES = [
  "/etc/ssl/certs/ca-certificates.crt",
  "/etc/pki/tls/certs/ca-bundle.crt",
  "/etc/ssl/cert.pem",
];

/**
 * The client itself is started without Node's authorities: reading them takes 20 ms of processor time, for a link that
 * trusts one authority only. So whoever does need them says so, with this.
 */
export function trustedContext(environment: NodeJS.ProcessEnv): SecureContext | undefined {
  const extra = environment["NODE_EXTRA_CA_CERTS"];
  const system = [environment["SSL_CERT_FILE"], ...SYSTEM_FILES].find((path) => textOf(path) !== undefined);
  const texts = [textOf(extra), textOf(system)].filter((text) => text !== undefined);
  try {
    return createSecureContext({ ca: [...rootCertificates, ...texts] });
  } catch {
    // One of the host's files is damaged: then Node's own must do, if it brings any.
    return rootCertificates.length === 0 ? undefined : createSecureContext({ ca: [...rootCertificates] });
  }
}

function textOf(path: string | undefined): string | undefined {
  if (path === undefined || path === "") return undefined;
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined; // not on this system
  }
}
