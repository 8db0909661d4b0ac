// Addresses of the overlay as one text, `host:port` with IPv6 hosts in brackets, and back.
export interface Endpoint {
  readonly host: string;
  readonly port: number;
}

const ADDRESS = /^(?:\[([0-9A-Za-z:.%]+)\]|([^\s:[\]]+)):([1-9][0-9]{0,4})$/u;
const PORT_MAX = 65_535;
/** How IPv4 looks to a socket that listens for both. */
const MAPPED = /^::ffff:(?=\d+\.\d+\.\d+\.\d+$)/iu;

export function writeAddress({ host, port }: Endpoint): string {
  const plain = host.replace(MAPPED, "");
  return plain.includes(":") ? `[${plain}]:${String(port)}` : `${plain}:${String(port)}`;
}

/** Undefined for what is no address. */
export function parseAddress(text: string): Endpoint | undefined {
  const [, inBrackets, plain, digits] = ADDRESS.exec(text) ?? [];
  const host = inBrackets ?? plain;
  const port = Number(digits);
  return host === undefined || port > PORT_MAX ? undefined : { host, port };
}
