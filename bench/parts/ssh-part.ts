// A program of its own: the SSH part of a first contact, and nothing else.
import { runOnHosts } from "./run-on-hosts.ts";

const [, , set = "", fanout = "1", command = "true"] = process.argv;
await runOnHosts(set, Number(fanout), command);
process.exit();
