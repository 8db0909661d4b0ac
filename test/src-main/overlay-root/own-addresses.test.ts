// The controller's own addresses: told when they change, and not while there is no network at all.
import { expect, test } from "vitest";
import { OwnAddresses, type Interfaces } from "../../../src-main/overlay-root/own-addresses.ts";

const outer = (...addresses: string[]): Interfaces => ({
  lo: [{ address: "127.0.0.1", internal: true }],
  eth0: [...addresses, "fe80::1"].map((address) => ({ address, internal: false })),
});

test("changes are told once, in whatever order they are listed; a computer without a network tells nothing", () => {
  let interfaces = outer("192.0.2.1", "2001:db8::1");
  let look = (): void => undefined;
  let stopped = false;
  const told: string[] = [];
  const own = new OwnAddresses({
    interfaces: () => interfaces,
    every: (_ms, again) => {
      look = again;
      return () => {
        stopped = true;
      };
    },
    onChange: (addresses) => told.push(addresses.map(({ host }) => host).join(" ")),
  });
  const hostsOf = (): string[] => own.at(80).map(({ host, port }) => `${host} ${String(port)}`);
  expect(hostsOf()).toEqual(["192.0.2.1 80", "2001:db8::1 80", "127.0.0.1 80"]);
  look();
  interfaces = outer("2001:db8::1", "192.0.2.1");
  look();
  interfaces = outer();
  look();
  expect(told).toEqual([]);
  interfaces = outer("198.51.100.7");
  expect(hostsOf()).toEqual(["198.51.100.7 80", "127.0.0.1 80"]);
  look();
  look();
  expect(told).toEqual(["198.51.100.7 127.0.0.1"]);
  own.close();
  expect(stopped).toBe(true);
});
