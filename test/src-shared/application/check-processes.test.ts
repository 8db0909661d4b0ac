// Findings about software, processes and exit policies; each at exactly the marked place («).
import { describe, expect, test } from "vitest";
import { oneBlock, runCases } from "./check-cases.ts";
import {
  component,
  problemsOf,
  processBlock,
  specification,
  type SpecificationParts,
} from "./specification-text.ts";

describe("software", () => {
  const software = (inside: string, type = "none"): SpecificationParts => ({
    definitions: `<software name="s" type="${type}">${inside}</software>`,
    components: component("c", "1", '<software name="s"/>'),
  });
  const one = (attributes: string, path: string, destPath: string): string =>
    `<package name="a" ${attributes}><path>${path}</path>${destPath}</package>`;
  runCases([
    [
      "an installer",
      software(one("", "https://a.b/c", ""), "«yum"),
      "error type 'yum' of <software> is not supported",
    ],
    [
      "a misspelt installer",
      software(one("", "https://a.b/c", ""), "«zpi"),
      "error type 'zpi' of <software> is not supported; did you mean 'zip'?",
    ],
    [
      "a way of transfer",
      software(one('type="«scp"', "https://a.b/c", "")),
      "error type 'scp' of <package> is not supported",
    ],
    ["a scheme", software(one("", "«ftp://a.b/c", "")), "error packages cannot be fetched by ftp"],
    ["no scheme", software(one("", "\n  «a.b/c ", "")), "error 'a.b/c' is no web address"],
    ["no path", software('<package name="a">«<path/></package>'), "error the package has no <path>"],
    [
      "plain http",
      software(one("", "«http://a.b/c", "")),
      "warning package 'a' comes over http without a sha256: anybody on the way could change it",
    ],
    ["plain http with a checksum", software(one(`sha256="${"aB".repeat(32)}"`, "http://a.b/c", ""))],
    [
      "a short checksum",
      software(one('sha256="«abc"', "https://a.b/c", "")),
      "error the sha256 has 3 characters, not 64 hexadecimal digits",
    ],
    [
      "a checksum with letters",
      software(one(`sha256="«${"xy".repeat(32)}"`, "https://a.b/c", "")),
      "error the sha256 is not made of hexadecimal digits",
    ],
    [
      "a way out",
      software(one("", "https://a.b/c", "<dest_path>«../c</dest_path>")),
      "error dest_path '../c' leads out of the work directory",
    ],
    [
      "an absolute way out",
      software(one("", "https://a.b/c", "<dest_path>«/c</dest_path>")),
      "error dest_path '/c' leads out of the work directory",
    ],
    [
      "a way out on Windows",
      software(one("", "https://a.b/c", "<dest_path>«C:\\c</dest_path>")),
      "error dest_path 'C:\\c' leads out of the work directory",
    ],
    [
      "no file name",
      software(`«${one("", "https://a.b/", "")}`),
      "error the package does not say what its file is called on the host",
    ],
    [
      "no packages",
      { ...software(""), definitions: '«<software name="s"/>' },
      "warning software 's' has no packages",
    ],
    [
      "one file for two packages",
      software(
        one("", "https://a.b/c", "") +
          '<package name="b"><path>https://a.b/d</path><dest_path>«c</dest_path></package>',
      ),
      "error two packages of 's' are written to 'c'",
    ],
  ]);
});

describe("processes", () => {
  const inProcess = (inside: string, attributes = ""): SpecificationParts => ({
    blocks: oneBlock(
      `<process_block name="p"><process ${attributes}><path>x</path>${inside}</process></process_block>`,
    ),
  });
  runCases([
    [
      "no path",
      { blocks: oneBlock('<process_block name="p">«<process/></process_block>') },
      "error the process has no <path>",
    ],
    [
      "no process",
      { blocks: oneBlock('«<process_block name="p"/>') },
      "error the process block has no <process>",
    ],
    [
      "no barrier",
      { blocks: oneBlock('«<barrier_block name="p"/>') },
      "error the barrier block has no <barrier>",
    ],
    [
      "a folder outside",
      inProcess("<cwd>«/tmp</cwd>"),
      "warning 'p' runs in '/tmp', outside of the work directory, which is not cleaned up",
    ],
    [
      "a folder above",
      inProcess("<cwd>«a/../..</cwd>"),
      "warning 'p' runs in 'a/../..', outside of the work directory, which is not cleaned up",
    ],
    [
      "files outside",
      inProcess('<collect path="«/var/log/x"/>'),
      "error the files '/var/log/x' lie outside of the work directory",
    ],
    [
      "files above",
      inProcess('<collect path="«logs/../../x"/>'),
      "error the files 'logs/../../x' lie outside of the work directory",
    ],
    ["no files", inProcess("«<collect/>"), "error <collect> names no files"],
    [
      "a service with a deadline",
      inProcess("", 'service="true" deadline="«1h"'),
      "warning service 'p' has a deadline, which would end it as a failure",
    ],
    ["a service, perhaps", inProcess("", 'service="«yes"'), "error service is 'yes'"],
    [
      "durations",
      inProcess("", 'deadline="«soon" stop_grace="«1 week"'),
      "error 'soon' is no duration",
      "error '1 week' is no duration",
    ],
    ["an empty attribute", inProcess("", 'deadline="«"'), "error deadline of <process> is empty"],
    [
      "limits",
      inProcess('<limits memory="«big" open_files="«-1" processes="«1.5" file_size="«0"/>'),
      "error 'big' is no size",
      "error open_files is -1, which is less than 1",
      "error '1.5' is no whole number",
      "error file_size must be more than '0'",
    ],
    [
      "environment variables",
      inProcess(
        '<environment>«<variable name="A"/><variable name="B" value="1" secret="««s"/><variable name="«C=D" value="1"/></environment>',
      ),
      "error the variable 'A' has neither a value nor a secret",
      "error the variable 'B' has both a value and a secret",
      "error there is no secret 's'",
      "error 'C=D' cannot be the name of an environment variable",
    ],
    [
      "a health check of nothing",
      inProcess("«<health_check/>"),
      "error the health check says nothing to check",
    ],
    [
      "a health check of two things",
      inProcess('«<health_check port="1" http="http://x/"/>'),
      "error the health check says more than one thing to check",
    ],
    ["a port", inProcess('<health_check port="«65536"/>'), "error '65536' is no port"],
    ["an address", inProcess('<health_check http="«x/health"/>'), "error 'x/health' is no web address"],
    [
      "a health check that comes too late",
      inProcess('<health_check port="1" start="«1m"/>', 'deadline="30s"'),
      "warning the health check's start is not shorter than the deadline of the process",
    ],
  ]);
});

describe("exit policies", () => {
  const policies = (inside: string, attributes = "", outer = ""): SpecificationParts => ({
    blocks: oneBlock(
      outer,
      `<process_block name="p"><process ${attributes}><path>x</path>${inside}</process></process_block>`,
    ),
  });
  const policy = (attributes: string): string => `<exit_policy ${attributes}/>`;
  const never = "warning this exit policy never applies: earlier ones take all that it stands for";
  runCases([
    [
      "no condition",
      policies("«" + policy('action="fail"')),
      "error the exit policy says neither status nor on",
    ],
    [
      "two conditions",
      policies("«" + policy('status="1" on="signal" action="fail"')),
      "error the exit policy says both status and on",
    ],
    ["no action", policies("«" + policy('status="1"')), "error the exit policy has no action"],
    [
      "an action",
      policies(policy('status="1" action="«restrat"')),
      "error action 'restrat' of <exit_policy> is not supported; did you mean 'restart'?",
    ],
    [
      "a status",
      policies(policy('status="«256" action="fail"')),
      "error '256' is nothing that a process can end with",
    ],
    [
      "a range",
      policies(policy('status="«9-1" action="fail"')),
      "error '9-1' is nothing that a process can end with",
    ],
    [
      "an event",
      policies(policy('on="«death" action="fail"')),
      "error 'death' is nothing that a process can end with",
    ],
    [
      "a signal",
      policies(policy('on="«signal:9" action="fail"')),
      "error 'signal:9' is nothing that a process can end with",
    ],
    [
      "a limit without restarts",
      policies(policy('status="1" action="fail" «limit="3"')),
      'warning limit has no effect with action="fail"',
    ],
    [
      "no restarts at all",
      policies(policy('status="1" action="restart" limit="«0"')),
      "error limit is 0, which is less than 1",
    ],
    [
      "delays",
      policies(policy('status="1" action="restart" delay="1m" delay_max="«1s"')),
      "error delay_max is shorter than delay",
    ],
    [
      "a status taken before",
      policies(policy('status="nonzero" action="fail"') + "«" + policy('status="3-5" action="ignore"')),
      never,
    ],
    [
      "a range taken in pieces",
      policies(
        policy('status="1-3" action="fail"') +
          policy('status="4" action="fail"') +
          "«" +
          policy('status="2-4" action="ignore"'),
      ),
      never,
    ],
    [
      "a range taken in part",
      policies(
        policy('status="1-3" action="fail"') +
          policy('status="2-4" action="ignore"') +
          policy('status="nonzero" action="fail"'),
      ),
    ],
    [
      "a signal taken before",
      policies(policy('on="signal" action="fail"') + "«" + policy('on="signal:SIGSEGV" action="ignore"')),
      never,
    ],
    [
      "one signal and the others",
      policies(policy('on="signal:SIGSEGV" action="fail"') + policy('on="signal" action="ignore"')),
    ],
    [
      "a deadline that there is not",
      policies("«" + policy('on="deadline" action="fail"')),
      "warning this exit policy never applies: the process has no deadline, or an earlier policy takes it",
    ],
    ["a deadline that there is", policies(policy('on="deadline" action="ignore"'), 'deadline="1m"')],
    [
      "health without a check",
      policies("«" + policy('on="unhealthy" action="fail"')),
      "warning this exit policy never applies: the process has no health check, or an earlier policy takes it",
    ],
    [
      "an inherited one that an own one replaces",
      policies(policy('status="1" action="ignore"'), "", "«" + policy('status="1" action="fail"')),
      never,
    ],
    [
      "not started, twice",
      policies(policy('on="not_started" action="replace"') + "«" + policy('on="not_started" action="fail"')),
      never,
    ],
  ]);

  test("an inherited policy that applies to one of several processes is told nothing about", () => {
    const text = specification({
      blocks: oneBlock(
        policy('on="deadline" action="replace"'),
        processBlock("p"),
        '<process_block name="q"><process deadline="1m"><path>x</path></process></process_block>',
      ),
    });
    expect(problemsOf(text)).toEqual([]);
  });
});
