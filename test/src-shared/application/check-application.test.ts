// Findings about a specification as a whole: shape, experiments, variables; each at exactly the marked place («).
import { describe, expect, test } from "vitest";
import { checkApplication } from "../../../src-shared/application/check-application.ts";
import { parseApplication } from "../../../src-shared/application/parse-application.ts";
import { hasErrors } from "../../../src-shared/base/problem.ts";
import { parseDirectory } from "../../../src-shared/resource-directory/parse-directory.ts";
import { expectFindings, oneBlock, runCases } from "./check-cases.ts";
import {
  barrierBlock,
  component,
  componentBlock,
  fixture,
  problemsOf,
  processBlock,
  specification,
  unmarked,
} from "./specification-text.ts";

test("a specification without problems has none", () => {
  expect(problemsOf(specification())).toEqual([]);
});

describe("variables", () => {
  const inArgument = (text: string): string =>
    oneBlock(processBlock("p", `<cmdline><arg>${text}</arg></cmdline>`));
  runCases([
    [
      "that exist",
      {
        definitions:
          '<variable name="port" value="1"/><software name="my app 1.2"><package name="a"><path>https://a.b/${var.port}/${run.id}</path></package></software>',
        components: component("c", "3", '<software name="my app 1.2"/>'),
        blocks: inArgument(
          "${host.name} ${host.address} ${host.index} ${host.user} ${host.site} ${host.directory} ${host.node} ${run.id} ${run.directory} " +
            "${component.name} ${component.c.count} ${component.c.hosts} ${component.c.addresses} ${component.c.host.2} ${component.c.address.0} " +
            "${software.my app 1.2.directory} ${var.port} ${HOME} ${file%.txt} $${host.nam} ${",
        ),
      },
    ],
    [
      "in all places where they are replaced",
      {
        definitions:
          '<software name="s"><package name="a"><path>https://a.b/«${var.a}</path></package></software>',
        components: component("c", "1", '<software name="s"/>'),
        blocks: oneBlock(
          '<collect path="«${var.b}"/>',
          `<process_block name="p"><process><path>«\${var.c}</path><cmdline><arg/><arg>x &amp; «\${var.d}</arg></cmdline><cwd> «\${var.f}</cwd>
          <environment><variable name="A" value="«\${var.g}"/></environment><health_check port="«\${var.h}"/><collect path="x/«\${var.i}"/></process></process_block>`,
          processBlock("q", '<health_check http="http://«${var.j}/"/>'),
          processBlock(
            "r",
            "<health_check><path>«${var.k}</path><cmdline><arg>«${var.l}</arg></cmdline></health_check>",
          ),
        ),
      },
      ..."abcdfghijkl".split("").map((name) => `error there is no variable '${name}'`),
    ],
    [
      "that do not exist",
      {
        definitions: '<variable name="port" value="1"/>',
        blocks: inArgument(
          "${var.port} «${var.prot} «${host.nmae} «${hots.name} «${component.d.count} «${component.c.size} «${software.c.directory} «${run.x} «${component.c.host.3}",
        ),
      },
      "error there is no variable 'prot'; did you mean 'port'?",
      "error there is no variable ${host.nmae}; did you mean 'host.name'?",
      "error there is no variable ${hots.name}; did you mean 'host.name'?",
      "error there is no component 'd'; did you mean 'c'?",
      "error there is no variable ${component.c.size}; did you mean 'component.name'?",
      "error there is no software 'c'",
      "error there is no variable ${run.x}",
      "error there may be no host 3 in component 'c': it has at most 3, counted from 0",
    ],
    [
      "of hosts that may not be there, of software that is not installed, of components that do not run",
      {
        definitions: '<software name="s"><package name="a"><path>https://a.b/c</path></package></software>',
        components:
          component("c", '<num_hosts min="1" max="3"/>') + component("«d", "1", '<software name="s"/>'),
        blocks: inArgument("«${component.c.host.2}«${software.s.directory}«${component.d.hosts}"),
      },
      "warning component 'd' is never used: no component block runs on it",
      "warning there may be no host 2 in component 'c': it has as few as 1, counted from 0",
      "warning component 'c' does not install the software 's'",
      "error component 'd' has no hosts: no component block runs on it",
    ],
    [
      "of a host where all hosts are meant",
      {
        definitions:
          '<software name="s"><package name="a"><path>https://a.b/«${host.name}/«${component.c.hosts}</path></package></software>',
        components: component("c", "1", '<software name="s"/>'),
      },
      "error ${host.name} has no value here",
      "error ${component.c.hosts} has no value here",
    ],
    [
      "where none are replaced",
      {
        definitions:
          '<variable name="v" value="«${host.name}"/><software name="s"><package name="a"><path>https://a.b/c</path><dest_path>${var.v}/«${host.index}</dest_path></package></software>',
        components: `<component name="c" user="«\${var.v}"><rspec><num_hosts>1</num_hosts></rspec><software name="s"/><resources><resource type="ssh"/></resources></component>`,
        blocks: oneBlock(
          '<process_block name="p"><process user="«${var.v}"><path>${var.v}</path></process></process_block>',
        ),
      },
      "warning ${host.name} is not replaced in the value of a variable",
      "error ${host.index} has no value here",
      "warning ${var.v} is not replaced in user",
      "warning ${var.v} is not replaced in user",
    ],
  ]);
});

describe("experiments", () => {
  runCases([
    [
      "a component block with nothing to run",
      { blocks: "«" + componentBlock("cb", "c") },
      "warning component block 'cb' has nothing to run",
    ],
    [
      "workflows",
      {
        blocks: oneBlock(
          '«<workflow_block name="farm"><task>x</task></workflow_block>',
          "«<workflow_block/>",
        ),
      },
      "error workflow block 'farm': workflows are not supported yet",
      "error workflow block: workflows are not supported yet",
    ],
    [
      "a duration as long as the deadline",
      { experiment: 'deadline="1h" duration="«60m"' },
      "warning the duration of the experiment is not shorter than its deadline, which would end it as a failure",
    ],
  ]);

  test("a file of definitions only has no problems", () => {
    expectFindings('<gush><project name="p"><variable name="v" value="1"/></project></gush>', []);
  });
});

describe("shape", () => {
  runCases([
    [
      "elements and attributes that are not known",
      {
        blocks: oneBlock(
          '<process_block name="p" «colour="red"><process «servcie="true"><path>x</path>«<arguments>a</arguments>«<cmd_line/></process></process_block>',
        ),
      },
      "warning <process_block> has no attribute 'colour'",
      "warning <process> has no attribute 'servcie'; did you mean 'service'?",
      "warning <arguments> is not known in <process>",
      "warning <cmd_line> is not known in <process>; did you mean 'cmdline'?",
    ],
    [
      "elements in the wrong place",
      {
        components: component("c", "1", "«<num_hosts>3</num_hosts>"),
        blocks: oneBlock(processBlock("p")) + `«${processBlock("q")}`,
      },
      "warning <num_hosts> has no effect in <component>",
      "warning <process_block> has no effect in <execution>",
    ],
    [
      "elements given twice",
      {
        blocks: oneBlock(
          '<process_block name="p"><process><path>x</path>«<path>y</path></process></process_block>',
        ),
      },
      "error <process> has more than one <path>",
    ],
    [
      "text between elements",
      {
        definitions: "// a comment as Plush wrote them",
        blocks: oneBlock("<!-- no -->\n  «oops", processBlock("p")),
      },
      "warning text stands directly in <component_block> and is ignored",
    ],
    [
      "discovery services",
      {
        components:
          '<component name="c"><rspec><num_hosts>1</num_hosts>«<sword><request/></sword></rspec><resources><resource type="ssh"/></resources></component>',
      },
      "warning resource discovery by SWORD is not supported; hosts come from <resources> alone",
    ],
  ]);

  test.each([
    ["another root", "«<plushy/>", "error the root element is <plushy>"],
    ["no project", "«<plush></plush>", "error the file has no <project>"],
    [
      "two projects",
      '<plush><project name="a"/>«<project name="b"/></plush>',
      "error the file has more than one <project>",
    ],
    [
      "two experiments",
      '<plush><project name="a">«<experiment name="x"/>«<experiment name="y"/></project></plush>',
      "error the experiment has no <execution>",
      "error the project has more than one <experiment>",
      "error experiment 'x' has nothing to run",
    ],
    [
      "nothing to run",
      '<plush><project name="a">«<experiment name="x"><execution/></experiment></project></plush>',
      "error experiment 'x' has nothing to run",
    ],
    [
      "a secret in the file",
      '<plush><project name="a"><secret name="s" from="«hunter2"/></project></plush>',
      "error a secret cannot come from 'hunter2'",
    ],
    [
      "a variable without a value",
      '<plush><project name="a">«<variable name="s"/></project></plush>',
      "error <variable> has no value",
    ],
  ])("%s", (_name, marked, ...messages) => {
    const { text, places } = unmarked(marked);
    const found = problemsOf(text);
    expect(found.map(({ severity, message }) => `${severity} ${message}`)).toEqual(messages);
    expect([...new Set(found.map(({ offset }) => offset))]).toEqual(places.map(({ offset }) => offset));
  });
});

test("a resource directory does not matter to a file without problems", () => {
  const text = fixture("application/round-robin.gush.xml");
  const { directory, problems } = parseDirectory(fixture("directory/ssh.gush.xml"));
  expect(problems).toEqual([]);
  expect(hasErrors(problemsOf(text, directory))).toBe(false);
});

test("text that is not the specification's own still gives places", () => {
  const { specification: parsed } = parseApplication(
    specification({ blocks: oneBlock(barrierBlock("b", 'name="x" max="9"')) }),
  );
  for (const problem of checkApplication(parsed!, "<a>")) expect(problem.line).toBe(1);
});
