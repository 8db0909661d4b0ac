// The client's log has the name Plush gave it, whatever the host is called.
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { createClientLog } from "../../../src-client/log/client-log.ts";

test("named for host, port and time, with a link", async () => {
  const directory = await mkdtemp(join(tmpdir(), "nebula-client-log-"));
  const problems: string[] = [];
  const log = await createClientLog({
    directory,
    host: "node/../1",
    portOrPid: 6000,
    nowMs: () => 1_700_000_000_123,
    onProblem: (reason) => problems.push(reason),
  });
  await log.close();
  expect((await readdir(directory)).sort()).toEqual(["client.txt", "logfile-node_.._1-6000-1700000000.txt"]);
  expect(problems).toEqual([]);
  await rm(directory, { recursive: true });
});
