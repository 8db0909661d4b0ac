// Findings about barriers, names and references; each at exactly the marked place («).
import { describe, expect, test } from "vitest";
import { expectFindings, oneBlock, runCases } from "./check-cases.ts";
import {
  barrierBlock,
  component,
  componentBlock,
  fixture,
  problemsOf,
  processBlock,
} from "./specification-text.ts";

describe("barriers", () => {
  runCases([
    [
      "waits for more hosts than there are",
      { blocks: oneBlock(barrierBlock("b", 'name="all here" max="«4"')) },
      "error barrier 'all here' waits for 4 hosts and at most 3 can reach it",
    ],
    [
      "may wait for more hosts than come",
      {
        components: component("c", '<num_hosts min="2" max="5"/>'),
        blocks: oneBlock(barrierBlock("b", 'name="all here" max="«4"')),
      },
      "warning barrier 'all here' waits for 4 hosts and as few as 2 may reach it",
    ],
    [
      "counts all component blocks of a shared barrier, and each component once",
      {
        components: component("c", "3") + component("d", "2"),
        blocks:
          oneBlock(
            barrierBlock("b", 'name="x" max="5"'),
            processBlock("p", "", "b"),
            barrierBlock("b2", 'name="x" max="5"', "p"),
          ) + componentBlock("db", "d", barrierBlock("b", 'name="x" max="5"')),
      },
    ],
    [
      "shared by two component blocks of the same component",
      {
        blocks:
          oneBlock(barrierBlock("b", 'name="x" max="«6"')) +
          componentBlock("db", "c", barrierBlock("b", 'name="x" max="6"')),
      },
      "error barrier 'x' waits for 6 hosts and at most 3 can reach it",
    ],
    [
      "different max for one barrier",
      { blocks: oneBlock(barrierBlock("a", 'name="x" max="2"'), barrierBlock("b", 'name="x" max="«3"')) },
      "error barrier 'x' waits for 2 hosts in one block and for 3 in another",
    ],
    [
      "different deadlines for one barrier",
      {
        blocks: oneBlock(
          barrierBlock("a", 'name="x" deadline="1m"'),
          barrierBlock("b", 'name="x" deadline="«2m"'),
        ),
      },
      "warning barrier 'x' has different deadlines in different blocks",
    ],
    [
      "two barriers in opposite orders",
      {
        components: component("c", "3") + component("d", "2"),
        blocks:
          componentBlock("cb", "c", "«" + barrierBlock("x", 'name="X"'), barrierBlock("y", 'name="Y"', "x")) +
          componentBlock("db", "d", barrierBlock("y", 'name="Y"'), barrierBlock("x", 'name="X"', "y")),
      },
      "error barriers 'X' and 'Y' can never release: each waits for hosts that wait at another of them",
    ],
    [
      "opposite orders do no harm when enough hosts come without the other component",
      {
        components: component("c", "3") + component("d", "2"),
        blocks:
          componentBlock(
            "cb",
            "c",
            barrierBlock("x", 'name="X" max="3"'),
            barrierBlock("y", 'name="Y"', "x"),
          ) +
          componentBlock(
            "db",
            "d",
            barrierBlock("y", 'name="Y"'),
            barrierBlock("x", 'name="X" max="3"', "y"),
          ),
      },
    ],
    [
      "three barriers round in a circle",
      {
        components: component("c", "1") + component("d", "1") + component("f", "1"),
        blocks:
          componentBlock("cb", "c", "«" + barrierBlock("1", 'name="X"'), barrierBlock("2", 'name="Y"', "1")) +
          componentBlock("db", "d", barrierBlock("1", 'name="Y"'), barrierBlock("2", 'name="Z"', "1")) +
          componentBlock("fb", "f", barrierBlock("1", 'name="Z"'), barrierBlock("2", 'name="X"', "1")),
      },
      "error barriers 'X', 'Z' and 'Y' can never release: each waits for hosts that wait at another of them",
    ],
    [
      "what a barrier can be",
      {
        blocks: oneBlock(
          barrierBlock("a", 'name="a" type="«2"'),
          barrierBlock("b", 'name="b" max="«0"'),
          barrierBlock("c", 'name="c" max="«-3"'),
          barrierBlock("d", 'name="d" max="«most"'),
          barrierBlock("f", 'name="f" max="«100001"'),
          barrierBlock("g", 'name="g" deadline="«0s"'),
        ),
      },
      "error barriers of type '2' (partial barriers) are not supported yet",
      "error max is 0, which is less than 1",
      "error max is -3, which is less than 1",
      "error 'most' is no whole number",
      "error max is 100001, which is more than 100000",
      "error deadline must be longer than '0s'",
    ],
  ]);

  test("Nebula's own sample waits for 30 hosts of 3", () => {
    const marked = fixture("application/file-distribution-max-30.gush.xml").replace('max="30"', 'max="«30"');
    expectFindings(marked, ["error barrier 'Barrier Block 1' waits for 30 hosts and at most 3 can reach it"]);
    expect(problemsOf(fixture("application/file-distribution.gush.xml"))).toEqual([]);
  });
});

describe("names and references", () => {
  runCases([
    [
      "unknown ones, with the nearest name",
      {
        definitions:
          '<software name="server"><package name="s"><path>https://example.org/s</path></package></software>',
        components: component("clients", "3", '<software name="«sever"/><software name="server"/>'),
        blocks:
          componentBlock("cb", "clients", processBlock("start"), processBlock("stop", "", "«strat")) +
          componentBlock("db", "«client", processBlock("go")),
      },
      "error there is no software 'sever'; did you mean 'server'?",
      "error there is no block 'strat'; did you mean 'start'?",
      "error there is no component 'client'; did you mean 'clients'?",
    ],
    [
      "nothing near",
      { blocks: componentBlock("cb", "«zebra", processBlock("p")), components: "" },
      "error there is no component 'zebra'",
    ],
    [
      "no component at all",
      { blocks: `«<component_block name="cb">${processBlock("p")}</component_block>`, components: "" },
      "error component block 'cb' does not say which component it runs on",
    ],
    [
      "the component that Nebula would have named",
      {
        components: component("c_cb", "1"),
        blocks: `<component_block name="cb">${processBlock("p")}</component_block>`,
      },
    ],
    [
      "a secret",
      {
        definitions: '<secret name="token" from="env:T"/>',
        blocks: oneBlock(
          processBlock(
            "p",
            '<environment><variable name="A" secret="«tokn"/><variable name="B" secret="token"/></environment>',
          ),
        ),
      },
      "error there is no secret 'tokn'; did you mean 'token'?",
    ],
    [
      "two definitions of a name",
      {
        definitions:
          '<variable name="v" value="1"/><variable name="«v" value="2"/><secret name="s" from="env:S"/><secret name="«s" from="env:S"/>' +
          '<software name="w"><package name="k"><path>https://a.b/1</path></package><package name="«k"><path>https://a.b/2</path></package></software>' +
          '<software name="«w"><package name="k"><path>https://a.b/1</path></package></software>',
        components: component("c", "1", '<software name="w"/><software name="«w"/>') + component("«c", "1"),
        blocks: oneBlock(
          processBlock(
            "p",
            '<environment><variable name="A" value="${var.v}"/><variable name="«A" secret="s"/></environment>',
          ),
        ),
      },
      "error two variables are called 'v'",
      "error two secrets are called 's'",
      "error two packages of 'w' are called 'k'",
      "error two pieces of software are called 'w'",
      "warning component 'c' lists the software 'w' twice",
      "error two components are called 'c'",
      "error two environment variables of 'p' are called 'A'",
    ],
    [
      "two blocks of a name",
      {
        blocks:
          oneBlock(processBlock("p"), processBlock("«p"), processBlock("q", "", "p", "«p")) +
          componentBlock("«cb", "c", processBlock("p")),
      },
      "error two blocks in 'cb' are called 'p'",
      "warning block 'q' names the predecessor 'p' twice",
      "error two component blocks are called 'cb'",
    ],
    [
      "a circle of predecessors, in its order",
      {
        blocks: oneBlock(
          processBlock("a", "", "«c"),
          processBlock("b", "", "a"),
          processBlock("c", "", "b"),
          processBlock("d", "", "c"),
          processBlock("f", "", "«f"),
        ),
      },
      "error blocks wait for each other: 'a' → 'b' → 'c' → 'a'",
      "error block 'f' is its own predecessor",
    ],
    [
      "a barrier in its own chain",
      { blocks: oneBlock(barrierBlock("b", 'name="x" max="3"', "«p"), processBlock("p", "", "b")) },
      "error blocks wait for each other: 'b' → 'p' → 'b'",
    ],
    [
      "slashes",
      { blocks: componentBlock("«c/b", "c", processBlock("«p/q")) },
      "error the name 'c/b' has a slash, which separates the parts of a block's path",
      "error the name 'p/q' has a slash, which separates the parts of a block's path",
    ],
    [
      "definitions that nothing uses",
      {
        definitions:
          '<variable name="«v" value=""/><secret name="«s" from="file:k"/><software name="«w"><package name="k"><path>https://a.b/1</path></package></software>',
        components: component("c", "1") + component("«d", "1"),
      },
      "warning variable 'v' is never used: no text has it in ${var.…}",
      "warning secret 's' is never used: no environment variable takes it",
      "warning software 'w' is never used: no component lists it",
      "warning component 'd' is never used: no component block runs on it",
    ],
    [
      "names that are missing, blank or too long",
      {
        definitions: '<variable name="«" value=""/>',
        components: component("c", "1") + "«<component><rspec><num_hosts>1</num_hosts></rspec></component>",
        blocks: oneBlock(
          '<process_block name="« p"><process name="q"><path>x</path></process></process_block>',
          `<process_block name="«${"x".repeat(201)}"><process name="q"><path>x</path></process></process_block>`,
        ),
      },
      "error <variable> has no name",
      "error <component> has no name",
      "warning the name ' p' starts or ends with a blank, which belongs to it",
      "error the name of this <process_block> has 201 characters",
    ],
  ]);
});
