// Findings about numbers of hosts, with and without a resource directory; each at exactly the marked place («).
import { describe } from "vitest";
import { parseDirectory } from "../../../src-shared/resource-directory/parse-directory.ts";
import { runCases, type Case } from "./check-cases.ts";
import { component, componentBlock, processBlock } from "./specification-text.ts";

describe("hosts", () => {
  const resources = (inside: string): string =>
    `<component name="c"><rspec><num_hosts>«3</num_hosts></rspec><resources>${inside}</resources></component>`;
  runCases([
    [
      "counts that cannot be",
      {
        components:
          component("c", "«0") +
          component("d", "«-2") +
          component("f", "«many") +
          component("g", "«100001") +
          component("h", '<num_hosts min="«5" max="4"/>') +
          component("i", '<num_hosts min="«x"/>') +
          component("l", "«") +
          component("j", '<num_hosts min="1">«2</num_hosts>') +
          "«<component name='k'><resources><resource type='ssh'/></resources></component>",
        blocks: ["c", "d", "f", "g", "h", "i", "l", "j", "k"]
          .map((name) => componentBlock(name, name, processBlock("p")))
          .join(""),
      },
      "error num_hosts is 0, which is less than 1",
      "error num_hosts is -2, which is less than 1",
      "error 'many' is no whole number",
      "error num_hosts is 100001, which is more than 100000",
      "error min is 5 and max is 4",
      "error 'x' is no whole number",
      "error num_hosts is empty",
      "error num_hosts has both a number and min or max",
      "error the component does not say how many hosts it needs",
    ],
    [
      "no resources",
      { components: '«<component name="c"><rspec><num_hosts>3</num_hosts></rspec></component>' },
      "error component 'c' does not say where its hosts come from",
    ],
    [
      "a type of hosts",
      { components: resources('<resource type="«planetlab" group="slice"/>').replace("«3", "3") },
      "error hosts of type 'planetlab' cannot be reached yet",
    ],
    [
      "no type",
      { components: resources('«<resource group="g"/>').replace("«3", "3") },
      "error <resource> has no type",
    ],
    [
      "fewer hosts listed than wanted",
      { components: resources('<resource type="ssh" hosts="node[1-2]"/>') },
      "error component 'c' wants 3 hosts and its resources list 2",
    ],
    [
      "a node set with a mistake in it",
      { components: resources('<resource type="ssh" hosts="node1,node«[1-"/>').replace("«3", "3") },
      "error hosts 'node1,node[1-': the bracket '[' is never closed",
    ],
  ]);
});

describe("hosts and the resource directory", () => {
  const { directory } = parseDirectory(`<plush>
<resource_manager type="ssh">
<node hostname="a[1-4]:15400" group="big,all"/>
<node hostname="b[1-6]:15400" group="small,all"/>
</resource_manager></plush>`);

  const wanting = (name: string, hosts: string, resource: string): string =>
    `<component name="${name}"><rspec><num_hosts>${hosts}</num_hosts></rspec><resources><resource type="ssh" ${resource}/></resources></component>`;

  const cases: readonly Case[] = [
    [
      "too few in a group",
      { components: wanting("c", "«5", 'group="big"') },
      "error component 'c' wants 5 hosts and the resource directory has 4 (ssh group 'big': 4)",
    ],
    [
      "too few in several groups and node sets",
      {
        components:
          '<component name="c"><rspec><num_hosts max="9" min="«7"/></rspec><resources><resource type="ssh" group="big"/><resource type="ssh" group="small" hosts="b[1-2]"/></resources></component>'
            .replace('max="9" min="«7"', 'max="9" min="7"')
            .replace("<num_hosts", "«<num_hosts"),
      },
      "error component 'c' wants 7 hosts and the resource directory has 6 (ssh group 'big': 4; ssh group 'small' b[1-2]: 2)",
    ],
    [
      "groups and types that do not exist",
      {
        components:
          '<component name="c"><rspec><num_hosts>1</num_hosts></rspec><resources><resource type="ssh"/><resource type="ssh" group="«bigg"/><resource type="«local"/></resources></component>',
      },
      "error the resource directory has no group 'bigg' of type 'ssh'; did you mean 'big'?",
      "error the resource directory has no hosts of type 'local'",
    ],
    [
      "a group that does not exist is the cause of having too few, and told alone",
      { components: wanting("c", "5", 'group="«bigg"') },
      "error the resource directory has no group 'bigg' of type 'ssh'; did you mean 'big'?",
    ],
    [
      "and so is a node set that cannot be read",
      { components: wanting("c", "5", 'hosts="«a[1-"').replace("«a[1-", "a«[1-") },
      "error hosts 'a[1-': the bracket '[' is never closed",
    ],
    [
      "two components that want the same hosts",
      {
        components: wanting("c", "3", 'group="big"') + wanting("d", "«2", 'group="big"'),
        blocks: componentBlock("cb", "c", processBlock("p")) + componentBlock("db", "d", processBlock("p")),
      },
      "error components 'c' and 'd' together want 5 hosts and the resource directory has 4 for them",
    ],
    [
      "three components of which one can move over",
      {
        components: wanting("c", "6", 'group="all"') + wanting("d", "4", 'group="big"'),
        blocks: componentBlock("cb", "c", processBlock("p")) + componentBlock("db", "d", processBlock("p")),
      },
    ],
    [
      "a component that uses groups and wildcards in its node set",
      { components: wanting("c", "10", 'hosts="@small,a*"') },
    ],
    [
      "components that nothing runs on take no hosts",
      { components: wanting("c", "10", "") + wanting("«unused", "10", "") },
      "warning component 'unused' is never used: no component block runs on it",
    ],
  ];
  runCases(cases, directory);
});
